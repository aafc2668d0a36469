"""The organisation's rows are told with the columns of its tables."""

from fleet.tables import COLUMNS
from gateway.console.organisation import TABLES
from gateway.console.requests import DeviceRow


def test_models_and_tables_have_the_same_columns() -> None:
    told = {
        table: tuple(field.alias or name for name, field in model.model_fields.items())
        for table, model in TABLES.items()
    }
    devices = ("device_id", *DeviceRow.model_fields)
    assert {**told, "devices": tuple(sorted(devices))} == {
        **COLUMNS,
        "devices": tuple(sorted(COLUMNS["devices"])),
    }
