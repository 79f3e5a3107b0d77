"""A request, tried once without each permission of its function before it is sent for good."""

import time
from collections import defaultdict

from caller import Order
from policies import Policies
from rules import judged_by_rule
from tables import Tables


class Trial:
    """The `way` of a service under trial. Each permission is tried from the same state of the tables, of the caller's
    cookies and of the function, which has just started:

    denied, with the action in the function's log: noticed. The same request again, with everything allowed, must then
    be answered as it should, from what the denied one left behind. Otherwise the request did not need it; everything
    is put back, since the request may have done what it can do only once.
    """

    def __init__(self, stack):
        self.stack, self.policies, self.tables = stack, Policies(stack), Tables(stack)
        for function in self.policies.documents:
            self.policies.put(function)
        self.noticed = defaultdict(list)
        self.wrong = []
        self.requests = self.trials = 0

    def __call__(self, request):
        permissions = self.policies.of(request.function)
        before = self.tables.picture(self.tables.written_by(permissions))
        cookies = dict(request.cookies)
        self.requests += 1
        for permission in permissions:
            if not judged_by_rule(permission) and permission not in self.policies.withheld:
                self.without(permission, request)
                self.tables.restore(before)
                request.cookies.clear()
                request.cookies.update(cookies)
        answer = request.send()
        if not request.fits(answer):
            raise AssertionError(f"{request}, with everything allowed: {answer}")
        return answer

    def found(self, wrong):
        print(f"    {wrong}", flush=True)
        self.wrong.append(wrong)

    def without(self, permission, request):
        self.trials += 1
        since = int(time.time() * 1000)
        self.policies.put(permission.function, without=permission)
        self.stack.forget(permission.function)
        try:
            answer = request.send()
        finally:
            self.policies.put(permission.function)
        failed = not request.fits(answer)
        # From what was left behind; and a line that came too late for the first request comes with this one.
        again = request.send() if failed else None
        # Operators are told themselves; everybody else's cause is in the log alone. What a function writes whose start
        # fails is in its log on AWS, and with MiniStack in the answer.
        told = [answer.body] if isinstance(request, Order) or "exited during init" in answer.body else []
        lines = self.stack.log_lines(permission.function, since) + told
        expected = self.policies.withheld
        denials = [line for line in lines if "not authorized to perform" in line and not any(names(line, p) for p in expected)]
        tried = f"{request} without {permission.action} on {permission.resource}"
        if any(names(line, permission) for line in denials):
            # Or something beside the answer failed, such as clearing away what is no longer counted.
            self.noticed[permission].append(str(request) if failed else f"{request} (answered all the same)")
            if failed and not request.fits(again):
                self.found(f"{tried}, and then with it: {again}")
        elif denials:
            self.found(f"{tried} was denied another: {denials[0]}")
        elif failed:
            self.found(f"{tried} fails, and no log says why: {answer}")


def names(line, permission):
    """`denial::told` of shared/denial writes it so; on AWS, SNS spells its actions `SNS:Publish`. MiniStack does not
    always say which resource; the action will do, since with every permission nothing is denied."""
    line = line.replace("sqs:SendMessageBatch", "sqs:SendMessage").lower()
    told = f"perform: {permission.action}".lower()
    return f"{told} on {permission.resource}".lower() in line or (told in line and f"{told} on arn:" not in line)
