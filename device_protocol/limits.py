"""Every bound of device protocol v1, in one place.

Lengths of text are in characters (code points), sizes in bytes of UTF-8 as sent.
"""

from typing import Final

PAYLOAD_BYTES_MAX: Final = 60 * 1024
OBJECT_BYTES_MAX: Final = 16 * 1024
ELEMENTS_MAX: Final = 500
NESTING_MAX: Final = 16
# Brackets left open this far refuse a payload whole, before a recursive parser
# sees them; between the two bounds only the guilty element is refused.
NESTING_WHOLE_MAX: Final = 300

INTEGER_MAX: Final = 2**53
COUNTER_MAX: Final = 2**53 - 1

EVENT_ID_CHARS_MIN: Final = 8
EVENT_ID_CHARS_MAX: Final = 64
DEVICE_ID_CHARS_MAX: Final = 64
RATING_ID_CHARS_MAX: Final = DEVICE_ID_CHARS_MAX + 1 + EVENT_ID_CHARS_MAX
BOOT_ID_CHARS_MAX: Final = 64
SESSION_ID_CHARS_MAX: Final = 64
EMPLOYEE_ID_CHARS_MAX: Final = 32
CODE_CHARS_MAX: Final = 32
LEVEL_CHARS_MAX: Final = 64
COMMENT_CHARS_MAX: Final = 500
CONTACT_CHARS_MAX: Final = 64
FACT_CHARS_MAX: Final = 64
CONN_ID_CHARS_MAX: Final = 64
SERVICE_CODE_CHARS_MAX: Final = 64
COMMAND_ID_CHARS_MAX: Final = 64
ERROR_CHARS_MAX: Final = 500
UNIT_CHARS_MAX: Final = 32
VALUE_CHARS_MAX: Final = 64

ITEMS_MAX: Final = 16
REASONS_MAX: Final = 16
ATTRIBUTIONS_MAX: Final = 8
KEY_MAX: Final = 15
KEYS_MAX: Final = KEY_MAX + 1
KEYS_PRESSED_MAX: Final = 256
CHECKS_MAX: Final = 64
FAULTS_MAX: Final = 16
COUNT_UINT32_MAX: Final = 2**32 - 1
BATTERY_PCT_MAX: Final = 100
RSSI_DBM_MIN: Final = -130
TEMPERATURE_C_MIN: Final = -40
TEMPERATURE_C_MAX: Final = 85
LEVEL_MIN: Final = 1
LEVEL_MAX: Final = 5
STAGES: Final = (1, 2)

# How much of a bad value a detail shows.
SHOWN_CHARS_MAX: Final = 40
