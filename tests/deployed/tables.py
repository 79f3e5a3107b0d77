"""The tables as somebody sees and changes them who looks past the service."""

import re
from datetime import datetime, timedelta

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# Seconds since 1970, from 2020 to 2096: counters and versions are nowhere near.
EPOCH = range(1_577_836_800, 4_000_000_000)

WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


class Tables:
    def __init__(self, stack):
        self.dynamodb = stack.client("dynamodb")
        self.names = {name: stack.physical(name) for name, _ in stack.template.of_type("AWS::DynamoDB::Table")}
        self.keys = {
            table: [key["AttributeName"] for key in self.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
            for table in self.names.values()
        }

    def items(self, name):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.names[name], ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def put(self, name, item):
        self.dynamodb.put_item(TableName=self.names[name], Item=item)

    def delete(self, name, item):
        table = self.names[name]
        self.dynamodb.delete_item(TableName=table, Key={key: item[key] for key in self.keys[table]})

    def clear(self, name):
        for item in self.items(name):
            self.delete(name, item)

    def age(self, *names, seconds):
        """Tables as they will be some time from now: every moment in them moved back."""
        for name in names:
            for item in self.items(name):
                # A moment may be part of a key.
                self.delete(name, item)
                self.put(name, earlier(item, timedelta(seconds=seconds)))

    def picture(self, names):
        return {name: {self.key(name, item): item for item in self.items(name)} for name in names}

    def written_by(self, permissions):
        """The tables that these permissions can change."""
        written = {p.resource.rsplit("/", 1)[-1] for p in permissions if p.action in WRITES}
        return [name for name, table in self.names.items() if table in written]

    def restore(self, picture):
        for name, items in picture.items():
            now = {self.key(name, item): item for item in self.items(name)}
            for key, item in now.items():
                if key not in items:
                    self.delete(name, item)
            for key, item in items.items():
                if now.get(key) != item:
                    self.put(name, item)

    def key(self, name, item):
        return tuple(item[key]["S"] for key in self.keys[self.names[name]])


def earlier(value, by):
    """An attribute value, or a whole item, with every moment in it moved back."""
    if isinstance(value, dict):
        return {
            name: str(int(part) - int(by.total_seconds())) if name == "N" and part.isdecimal() and int(part) in EPOCH
            else earlier(part, by)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [earlier(part, by) for part in value]
    if isinstance(value, str):
        return MOMENT.sub(lambda found: moved(found[0], by), value)
    return value


def moved(moment, by):
    """The seconds are moved; their fraction stays as it is, which is finer than Python's."""
    seconds, fraction = re.fullmatch(r"(.{19})(.*)Z", moment).groups()
    return f"{(datetime.fromisoformat(seconds) - by).isoformat()}{fraction}Z"
