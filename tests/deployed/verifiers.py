"""Password verifiers as they were made before, by whoever may use the key and write the table."""

import base64

from argon2.low_level import Type, hash_secret_raw

from person import PASSWORD
from tables import Tables

SALT = b"sixteen bytes ok"
# Less than shared/keys makes today.
MEMORY, PASSES, LANES = 9216, 2, 1


class Verifiers:
    def __init__(self, stack):
        self.kms, self.key = stack.client("kms"), stack.physical("PasswordMacKey")
        self.tables = Tables(stack)

    def weaken(self, person):
        """The person's verifier, as shared/keys/src/passwords.rs would have made it at that cost."""
        row = next(item for item in self.tables.items("Accounts") if item["pk"]["S"] == f"username#{person.username}")
        salt = base64.b64encode(SALT).rstrip(b"=").decode()
        phc = f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}"
        output = hash_secret_raw(PASSWORD.encode(), SALT, PASSES, MEMORY, LANES, 32, Type.ID)
        parts = [b"pwd", b"1", row["account_id"]["S"].encode(), phc.encode(), output]
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        tag = self.kms.generate_mac(KeyId=self.key, MacAlgorithm="HMAC_SHA_256", Message=message)["Mac"].hex()
        verifier = row["password"]["M"]
        verifier["phc"], verifier["mac"]["M"]["tag"] = {"S": phc}, {"S": tag}
        self.tables.put("Accounts", row)
