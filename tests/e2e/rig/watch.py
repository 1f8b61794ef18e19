"""A list of the API that is followed in the background."""
import threading
import time


class Watch(threading.Thread):
    """`heard` gets the time at which each change came, its kind ("ADDED", "MODIFIED", "DELETED") and the object; first all
    that is there."""

    def __init__(self, api, path, heard):
        super().__init__(daemon=True)
        self.broke = None  # why nothing is heard any more; then "nothing has happened" can't be known
        self._stream = api.watch(path)
        self._heard = heard
        self.start()

    def run(self):
        try:
            for event in self._stream.events():
                self._heard(time.time(), event["type"], event["object"])
        except Exception as error:
            self.broke = f"{type(error).__name__}: {error}"

    def end(self):
        self._stream.end()
        self.join(10)
