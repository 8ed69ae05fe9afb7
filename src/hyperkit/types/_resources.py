"""The hardware of a server's machine.

Sizes are in bytes, frequencies in MHz. What a machine lacks is an empty list, None, or not
there at all.
"""

from __future__ import annotations

from .._resource import Resource


class HostCPU(Resource):
    """Processors: ``total`` counts their threads."""

    __slots__ = ()

    architecture: str
    sockets: list[HostCPUSocket]
    total: int


class HostCPUAddressSizes(Resource):
    """How many bits an address has (Incus 7)."""

    __slots__ = ()

    physical_bits: int
    virtual_bits: int


class HostCPUCache(Resource):
    """A cache of a processor: ``type`` is such as ``"Data"`` or ``"Unified"``."""

    __slots__ = ()

    level: int
    size: int
    type: str


class HostCPUCore(Resource):
    """A core of a processor; ``cluster`` and ``flags`` are there on Incus."""

    __slots__ = ()

    cluster: int
    core: int
    die: int
    flags: list[str]
    frequency: int
    threads: list[HostCPUThread]


class HostCPUSocket(Resource):
    """A processor; ``address_sizes`` are there on Incus 7."""

    __slots__ = ()

    address_sizes: HostCPUAddressSizes | None
    cache: list[HostCPUCache]
    cores: list[HostCPUCore]
    frequency: int
    frequency_minimum: int
    frequency_turbo: int
    name: str
    socket: int
    vendor: str


class HostCPUThread(Resource):
    """A thread of a core: ``id`` is what ``limits.cpu`` pins to."""

    __slots__ = ()

    id: int
    isolated: bool
    numa_node: int
    online: bool
    thread: int


class HostGPU(Resource):
    """Graphics cards."""

    __slots__ = ()

    cards: list[HostGPUCard]
    total: int


class HostGPUCard(Resource):
    """A graphics card; ``mdev`` maps a profile's name to the virtual cards that it gives."""

    __slots__ = ()

    driver: str
    driver_version: str
    drm: HostGPUCardDRM | None
    mdev: dict[str, HostGPUCardMdev]
    numa_node: int
    nvidia: HostGPUCardNvidia | None
    pci_address: str
    product: str
    product_id: str
    sriov: HostGPUCardSRIOV | None
    usb_address: str
    vendor: str
    vendor_id: str


class HostGPUCardDRM(Resource):
    """The device files of a graphics card; a device is ``"major:minor"``."""

    __slots__ = ()

    card_device: str
    card_name: str
    control_device: str
    control_name: str
    id: int
    render_device: str
    render_name: str


class HostGPUCardMdev(Resource):
    """A kind of virtual graphics card: ``devices`` are the UUIDs of those in use."""

    __slots__ = ()

    api: str
    available: int
    description: str
    devices: list[str]
    name: str


class HostGPUCardNvidia(Resource):
    """What NVIDIA's driver says of a graphics card."""

    __slots__ = ()

    architecture: str
    brand: str
    card_device: str
    card_name: str
    cuda_version: str
    model: str
    nvrm_version: str
    uuid: str


class HostGPUCardSRIOV(Resource):
    """Virtual functions of a graphics card."""

    __slots__ = ()

    current_vfs: int
    maximum_vfs: int
    vfs: list[HostGPUCard]


class HostLoad(Resource):
    """How busy the machine is (Incus): load averages, and the number of processes."""

    __slots__ = ()

    # The server's own spelling.
    Average10Min: float
    Average1Min: float
    Average5Min: float
    Processes: int


class HostMemory(Resource):
    """Memory, in bytes."""

    __slots__ = ()

    hugepages_size: int
    hugepages_total: int
    hugepages_used: int
    nodes: list[HostMemoryNode]
    total: int
    used: int


class HostMemoryNode(Resource):
    """The memory of one NUMA node, in bytes."""

    __slots__ = ()

    hugepages_total: int
    hugepages_used: int
    numa_node: int
    total: int
    used: int


class HostNetwork(Resource):
    """Network cards."""

    __slots__ = ()

    cards: list[HostNetworkCard]
    total: int


class HostNetworkCard(Resource):
    """A network card."""

    __slots__ = ()

    driver: str
    driver_version: str
    firmware_version: str
    numa_node: int
    pci_address: str
    ports: list[HostNetworkCardPort]
    product: str
    product_id: str
    sriov: HostNetworkCardSRIOV | None
    usb_address: str
    vdpa: HostNetworkCardVDPA | None
    vendor: str
    vendor_id: str


class HostNetworkCardPort(Resource):
    """A port of a network card: ``id`` is the interface, ``link_speed`` in Mbit/s."""

    __slots__ = ()

    address: str
    auto_negotiation: bool
    id: str
    infiniband: HostNetworkCardPortInfiniband | None
    link_detected: bool
    link_duplex: str
    link_speed: int
    port: int
    port_type: str
    protocol: str
    supported_modes: list[str]
    supported_ports: list[str]
    transceiver_type: str


class HostNetworkCardPortInfiniband(Resource):
    """The device files of an InfiniBand port; a device is ``"major:minor"``."""

    __slots__ = ()

    issm_device: str
    issm_name: str
    mad_device: str
    mad_name: str
    verb_device: str
    verb_name: str


class HostNetworkCardSRIOV(Resource):
    """Virtual functions of a network card."""

    __slots__ = ()

    current_vfs: int
    maximum_vfs: int
    vfs: list[HostNetworkCard]


class HostNetworkCardVDPA(Resource):
    """The vDPA device of a network card."""

    __slots__ = ()

    device: str
    name: str


class HostPCI(Resource):
    """PCI devices."""

    __slots__ = ()

    devices: list[HostPCIDevice]
    total: int


class HostPCIDevice(Resource):
    """A PCI device."""

    __slots__ = ()

    driver: str
    driver_version: str
    iommu_group: int
    numa_node: int
    pci_address: str
    product: str
    product_id: str
    vendor: str
    vendor_id: str
    vpd: HostPCIVPD


class HostPCIVPD(Resource):
    """What a PCI device says of itself, by the keys of its vendor."""

    __slots__ = ()

    entries: dict[str, str]
    product_name: str


class HostResources(Resource):
    """The hardware of the server's machine; ``load`` and ``serial`` are there on Incus."""

    __slots__ = ()

    cpu: HostCPU
    gpu: HostGPU
    load: HostLoad
    memory: HostMemory
    network: HostNetwork
    pci: HostPCI
    serial: HostSerial
    storage: HostStorage
    system: HostSystem
    usb: HostUSB


class HostSerial(Resource):
    """Serial devices (Incus 7)."""

    __slots__ = ()

    devices: list[HostSerialDevice]
    total: int


class HostSerialDevice(Resource):
    """A serial device: ``id`` is its name (``"ttyUSB0"``), ``device`` its ``"major:minor"``."""

    __slots__ = ()

    device: str
    device_id: str
    device_path: str
    driver: str
    id: str
    product: str
    product_id: str
    vendor: str
    vendor_id: str


class HostStorage(Resource):
    """Disks: ``total`` counts them with their partitions."""

    __slots__ = ()

    disks: list[HostStorageDisk]
    total: int


class HostStorageDisk(Resource):
    """A disk: ``id`` is its name (``"nvme0n1"``), ``size`` in bytes.

    ``device_fs_uuid``, ``mounted`` and ``used_by`` are there on LXD.
    """

    __slots__ = ()

    block_size: int
    device: str
    device_fs_uuid: str
    device_id: str
    device_path: str
    firmware_version: str
    id: str
    model: str
    mounted: bool
    numa_node: int
    partitions: list[HostStorageDiskPartition]
    pci_address: str
    read_only: bool
    removable: bool
    rpm: int
    serial: str
    size: int
    type: str
    usb_address: str
    used_by: str
    wwn: str


class HostStorageDiskPartition(Resource):
    """A part of a disk, ``size`` in bytes; two of its fields are there on LXD only.

    These are ``device_fs_uuid`` and ``mounted``.
    """

    __slots__ = ()

    device: str
    device_fs_uuid: str
    id: str
    mounted: bool
    partition: int
    read_only: bool
    size: int


class HostSystem(Resource):
    """The machine as a whole: ``type`` is such as ``"physical"`` or ``"virtual-machine"``."""

    __slots__ = ()

    chassis: HostSystemChassis | None
    family: str
    firmware: HostSystemFirmware | None
    motherboard: HostSystemMotherboard | None
    product: str
    serial: str
    sku: str
    type: str
    uuid: str
    vendor: str
    version: str


class HostSystemChassis(Resource):
    """The machine's case."""

    __slots__ = ()

    serial: str
    type: str
    vendor: str
    version: str


class HostSystemFirmware(Resource):
    """The machine's firmware; ``date`` is the vendor's text."""

    __slots__ = ()

    date: str
    vendor: str
    version: str


class HostSystemMotherboard(Resource):
    """The machine's main board."""

    __slots__ = ()

    product: str
    serial: str
    vendor: str
    version: str


class HostUSB(Resource):
    """USB devices."""

    __slots__ = ()

    devices: list[HostUSBDevice]
    total: int


class HostUSBDevice(Resource):
    """A USB device, ``speed`` in Mbit/s."""

    __slots__ = ()

    bus_address: int
    device_address: int
    interfaces: list[HostUSBDeviceInterface]
    product: str
    product_id: str
    serial: str
    speed: float
    vendor: str
    vendor_id: str


class HostUSBDeviceInterface(Resource):
    """What a USB device can be used as."""

    __slots__ = ()

    class_: str
    class_id: int
    driver: str
    driver_version: str
    number: int
    subclass: str
    subclass_id: int
