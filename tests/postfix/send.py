#!/usr/bin/env python3
"""Sends mail to the private Postfix: send.py PORT <lines

A line is tab separated: LOGIN SOURCE COUNT FROM TO SUBJECT [HELO]. LOGIN '-' is without
authentication, SOURCE the client's own address, COUNT how often, FROM and TO the paths as they go on
the wire (between the angle brackets; '%d' in TO becomes the number of the message, '%s' in FROM eight
letters that differ from message to message, TO may be several by ' '). Each line is one session; one
line of output each:

  ACCEPTED REFUSED CODE TEXT

ACCEPTED and REFUSED count recipients; a refusal at MAIL FROM counts as one. CODE and TEXT are the last
refusal, or what the last message was answered.
"""
import smtplib
import sys


def letters(number):
    """Eight letters that look like nothing, the same for the same number."""
    x, out = number * 2654435761 + 12345, ""
    for _ in range(8):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        out += "abcdefghijklmnopqrstuvwxyz"[(x >> 33) % 26]
    return out


def session(port, login, source, helo="pc.client.example"):
    client = smtplib.SMTP("127.0.0.1", port, local_hostname=helo,
                          source_address=(source, 0), timeout=15)
    client.command_encoding = "latin-1"  # the paths are bytes, handed through
    client.ehlo()
    if login != "-":
        client.login(login, login, initial_response_ok=True)
    return client


def message(client, sender, rcpts, subject, number):
    """Accepted recipients, refused ones, and the last refusal or the final reply."""
    code, text = client.docmd("MAIL FROM:<%s>" % sender)
    if code != 250:
        client.rset()
        return 0, 1, code, text
    accepted = refused = 0
    refusal = None
    for rcpt in rcpts:
        code, text = client.docmd("RCPT TO:<%s>" % rcpt)
        if code == 250:
            accepted += 1
        else:
            refused += 1
            refusal = code, text
    if accepted:
        body = ("From: someone <from@client.example>\r\nSubject: %s\r\n"
                "Message-ID: <%d.%d@pc.client.example>\r\n\r\nHello.\r\n" %
                (subject, id(client), number))
        code, text = client.data(body.encode())
        if code != 250:
            accepted, refused = 0, refused + accepted
    else:
        client.rset()
    return (accepted, refused) + (refusal or (code, text))


def main():
    port = int(sys.argv[1])
    for line in sys.stdin.buffer:
        login, source, count, sender, to, subject, *helo = (
            line.decode("latin-1").rstrip("\n").split("\t"))
        client = session(port, login, source, *helo)
        accepted = refused = 0
        for number in range(int(count)):
            rcpts = (to.replace("%d", str(number))).split(" ")
            a, r, code, text = message(client, sender.replace("%s", letters(number)), rcpts,
                                       subject, number)
            accepted, refused = accepted + a, refused + r
        client.close()
        print(accepted, refused, code, text.decode("latin-1").replace("\n", " "), sep="\t", flush=True)


if __name__ == "__main__":
    main()
