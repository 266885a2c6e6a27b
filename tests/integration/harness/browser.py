"""A page in headless Chromium, driven through chromedriver's W3C interface."""
import json
import re
import subprocess
import urllib.request

from harness.line_collector import LineCollector
from harness.waiting import wait_until

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage"]
STARTED = r"started successfully on port (\d+)"
# Its socket of the other family finds the port taken that the first one was given.
PORT_TAKEN = r"bind\(\) failed: Address already in use"
STARTS = 3


def start_driver(command=("chromedriver", "--port=0")):
    """The process, its output and its port; started again when it lost the race for its own port."""
    for _ in range(STARTS):
        driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = LineCollector(driver.stdout)
        port = None
        try:
            port = output.wait_for(f"{STARTED}|{PORT_TAKEN}", 20).group(1)
        finally:
            if port is None:
                driver.kill()
                driver.wait()
                output.close()
        if port:
            return driver, output, port
    raise AssertionError(f"the driver found its port taken {STARTS} times:\n{output.text}")


class Browser:
    def __init__(self, folder):
        self._driver, self._output, port = start_driver()
        self._base = f"http://127.0.0.1:{port}/session"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={folder}"]}
        answer = self._call("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": options}}})
        self._base += "/" + answer["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["value"]

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def title(self):
        return self._call("GET", "/title")

    def wait_for_title(self, pattern, timeout=20):
        return wait_until(lambda: re.search(pattern, self.title()), timeout, f"title {pattern!r}, last {self.title()!r}")

    def text(self, selector):
        script = "return document.querySelector(arguments[0]).textContent"
        return self._call("POST", "/execute/sync", {"script": script, "args": [selector]})

    def finish(self):
        try:
            self._call("DELETE", "")
        except OSError:
            pass
        self._driver.terminate()
        self._driver.wait()
        self._output.close()
