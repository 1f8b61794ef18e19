"""The one account and region that there is, and what its parts share."""
import threading

ACCOUNT, REGION = "123456789012", "us-east-1"
lock = threading.RLock()  # of what a timer changes


def here(backends):
    """One of moto's backends, of this account and region."""
    return backends[ACCOUNT][REGION]


def later(seconds, action, *arguments):
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()
    return timer
