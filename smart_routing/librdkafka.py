"""The C library inside the confluent-kafka wheel, for what its Python interface does not offer: the built-in broker."""

import ctypes
from functools import cache

from confluent_kafka import cimpl

from smart_routing.cannot_start import CannotStart

PRODUCER = 0
CONFIGURATION_OK = 0

_POINTER = ctypes.c_void_p
_TEXT = ctypes.c_char_p
_INT = ctypes.c_int
_INT16 = ctypes.c_int16
_INT32 = ctypes.c_int32
_SIZE = ctypes.c_size_t

# Functions of rdkafka.h and rdkafka_mock.h: what they return and take.
_SIGNATURES = {
    "rd_kafka_conf_new": (_POINTER, ()),
    "rd_kafka_conf_set": (_INT, (_POINTER, _TEXT, _TEXT, _TEXT, _SIZE)),
    "rd_kafka_new": (_POINTER, (_INT, _POINTER, _TEXT, _SIZE)),
    "rd_kafka_destroy": (None, (_POINTER,)),
    "rd_kafka_err2str": (_TEXT, (_INT,)),
    "rd_kafka_mock_cluster_new": (_POINTER, (_POINTER, _INT)),
    "rd_kafka_mock_cluster_destroy": (None, (_POINTER,)),
    "rd_kafka_mock_cluster_bootstraps": (_TEXT, (_POINTER,)),
    "rd_kafka_mock_topic_create": (_INT, (_POINTER, _TEXT, _INT, _INT)),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, (_POINTER, _INT32)),
    "rd_kafka_mock_push_request_errors_array": (None, (_POINTER, _INT16, _SIZE, ctypes.POINTER(_INT))),
    "rd_kafka_mock_clear_request_errors": (None, (_POINTER, _INT16)),
    "rd_kafka_mock_broker_set_rtt": (_INT, (_POINTER, _INT32, _INT)),
    "rd_kafka_mock_broker_set_down": (_INT, (_POINTER, _INT32)),
    "rd_kafka_mock_broker_set_up": (_INT, (_POINTER, _INT32)),
}


@cache
def librdkafka() -> ctypes.CDLL:
    """The library that the Python client itself is linked to, with the signatures of the functions that are used here.

    Raises:
        CannotStart: the library has no built-in broker.
    """
    # Found through the extension module that is linked to it, wherever the wheel or the system keeps the library itself.
    library = ctypes.CDLL(cimpl.__file__)
    for name, (returned, taken) in _SIGNATURES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise CannotStart(
                f"The embedded broker is part of the confluent-kafka wheel, and the one installed here has none ({name} is missing): "
                "pip install --force-reinstall --only-binary :all: confluent-kafka."
            ) from None
        function.restype, function.argtypes = returned, taken
    return library
