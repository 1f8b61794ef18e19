"""What a test asserts: every problem is kept, and the test goes on."""


class Assertions:
    def __init__(self):
        self.problems, self.checks = [], 0

    def check(self, what, condition, detail=""):
        self.checks += 1
        if not condition:
            self.problems.append(f"{what}: {detail}")
        return condition

    def equal(self, what, got, wanted):
        return self.check(what, got == wanted, f"{got} instead of {wanted}")

    def between(self, what, least, got, most):
        return self.check(what, got is not None and least <= got <= most, f"{got} is not in {least} … {most}")
