"""Sends the commands on standard input, one a line in hexadecimal digits, to the card in the reader that the
argument names, with pyscard, and prints the answers the same way."""

import sys

from smartcard.System import readers
from smartcard.util import toBytes

connection = next(r for r in readers() if str(r) == sys.argv[1]).createConnection()
connection.connect()
for line in sys.stdin:
    data, sw1, sw2 = connection.transmit(toBytes(line))
    print(bytes(data + [sw1, sw2]).hex().upper())
connection.disconnect()
