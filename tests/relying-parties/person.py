"""A citizen with well-formed papers, who registers, signs in and consents."""

import itertools
import os
import re

import requests

from browser import Browser

SERVICE = os.environ["SERVICE"]
PASSWORD = "ข้าวเหนียวมะม่วง กับคนแปลกหน้า"

_numbers = itertools.count(1)


class Person:
    def __init__(self):
        number = next(_numbers)
        self.citizen_id = citizen_id(number)
        self.mobile_number = f"081{number:07}"
        self.username = f"citizen.{number}"
        self.browser = Browser()

    def register(self):
        """Goes through the wizard's pages from the terms to the account."""
        done = self.visit(f"{SERVICE}/registration/terms")
        if not done["address"].endswith("/registration/done"):
            raise RuntimeError(f"the registration ended at {done['address']}: {done['text']}")

    def visit(self, address, until=None, decision="allow"):
        return self.browser.go(address, lambda path: self.typed(path, decision), until)

    def changes_browser(self):
        self.browser = Browser()

    @property
    def told(self):
        """What a relying party may learn."""
        return {
            "username": self.username,
            "given_name": "สมหญิง",
            "family_name": "รักไทยแท้",
            "birthdate": "1995-03-05",
            "citizen_id": self.citizen_id,
            "phone_number": e164(self.mobile_number),
        }

    def typed(self, path, decision):
        """What they fill into the form that goes to a path; None where they leave it alone."""
        credentials = {"username": self.username, "password": PASSWORD}
        match path:
            case "/registration/terms":
                return {"consent": "accept"}
            case "/registration/identity":
                papers = {"first_name": "สมหญิง", "last_name": "รักไทยแท้", "laser_code": "JT1-2345678-90"}
                born = {"birth_day": "5", "birth_month": "มีนาคม", "birth_year": "2538"}
                return papers | born | {"method": "id_card", "citizen_id": self.citizen_id}
            case "/registration/account":
                return credentials | {"password_confirmation": PASSWORD}
            case "/registration/mobile":
                return {"mobile_number": self.mobile_number}
            case "/registration/otp" | "/sign-in/otp":
                return {"code": code_sent_to(self.mobile_number)}
            case "/registration/review" | "/connect/endsession":
                return {"confirm": "yes"}
            case "/sign-in":
                return credentials
            case "/consent":
                return {"decision": decision}
        return None


def citizen_id(number):
    """Thirteen digits with a good check digit."""
    digits = f"18{number:010}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(13, 1, -1)))
    return f"{digits}{(11 - total % 11) % 10}"


def e164(mobile_number):
    return "+66" + mobile_number.removeprefix("0")


def code_sent_to(mobile_number):
    """The code in the last text message to this number."""
    texts = requests.get(f"{SERVICE}/_local/sms", headers={"Accept": "application/json"}, timeout=30).json()
    text = next(text["text"] for text in reversed(texts) if text["to"] == e164(mobile_number))
    return re.search(r"#(\d{6})$", text)[1]
