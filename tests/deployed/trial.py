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
            if not judged_by_rule(permission):
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
        # Operators are told themselves; everybody else's cause is in the log alone. What a function writes whose start
        # fails is in its log on AWS, and with MiniStack in the answer.
        told = [answer.body] if isinstance(request, Order) or "exited during init" in answer.body else []
        lines = self.stack.log_lines(permission.function, since) + told
        denials = [line for line in lines if "not authorized to perform" in line]
        if any(names(line, permission) for line in denials):
            if request.fits(answer):
                # Something beside the answer failed, such as clearing away what is no longer counted.
                self.noticed[permission].append(f"{request} (answered all the same)")
                return
            self.noticed[permission].append(str(request))
            again = request.send()
            if not request.fits(again):
                self.found(f"{request} after it went without {permission.action} on {permission.resource}: {again}")
        elif denials:
            self.found(f"{request} without {permission.action} on {permission.resource} was denied another: {denials[0]}")
        elif not request.fits(answer):
            self.found(f"{request} without {permission.action} on {permission.resource} fails, and no log says why: {answer}")


def names(line, permission):
    """`denial::told` of shared/denial writes it so; on AWS, SNS spells its actions `SNS:Publish`. MiniStack does not
    always say which resource; the action will do, since with every permission nothing is denied."""
    line = line.replace("sqs:SendMessageBatch", "sqs:SendMessage").lower()
    told = f"perform: {permission.action}".lower()
    return f"{told} on {permission.resource}".lower() in line or (told in line and f"{told} on arn:" not in line)
