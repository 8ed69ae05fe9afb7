"""All that `hyperkit` offers; loaded when the first of it is used."""

from . import errors as errors
from . import types as types
from ._batch import Batch as Batch
from ._client import Client as Client
from ._contact import ServerCertificate as ServerCertificate
from ._contact import server_certificate as server_certificate
from ._events import Events as Events
from ._filter import Filter as Filter
from ._filter import where as where
from ._filter import where_not as where_not
from ._functions import *  # noqa: F403 - the functions; the stub names them
from ._key_pair import KeyPair as KeyPair
from ._key_pair import generate_key_pair as generate_key_pair
from ._process import CompletedProcess as CompletedProcess
from ._process import Process as Process
from ._request import name_of as name_of
from ._vga import VgaConsole as VgaConsole
from .errors import *  # noqa: F403
from .types import *  # noqa: F403
