"""People with well-formed papers, none of them anybody."""

import itertools
from dataclasses import dataclass, field

NUMBERS = itertools.count(1)
PASSWORD = "ข้าวเหนียวมะม่วง กับคนแปลกหน้า"


def citizen_id(number):
    """Thirteen digits with a good check digit."""
    digits = f"17{number:010}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(13, 1, -1)))
    return f"{digits}{(11 - total % 11) % 10}"


@dataclass
class Person:
    number: int = field(default_factory=lambda: next(NUMBERS))
    method: str = "id_card"

    def __post_init__(self):
        self.citizen_id = citizen_id(self.number)
        self.mobile_number = f"081{self.number:07}"
        self.username = f"person-{self.number}"
        self.password = PASSWORD

    @property
    def identity(self):
        fields = {
            "method": self.method,
            "citizen_id": self.citizen_id,
            "first_name": "สมหญิง",
            "last_name": "รักไทยแท้",
            "birth_date": "1995-03-05",
        }
        return fields | ({"laser_code": "JT1-2345678-90"} if self.method == "id_card" else {})

    @property
    def account(self):
        return {
            "first_name": "สมหญิง",
            "last_name": "รักไทยแท้",
            "username": self.username,
            "password": self.password,
            "password_confirmation": self.password,
        }

    @property
    def credentials(self):
        return {"username": self.username, "password": self.password}

    @property
    def changing(self):
        new = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก"
        return {
            "current_password": self.password,
            "password": new,
            "password_confirmation": new,
            "end_others": "yes",
        }
