#!/usr/bin/env python3
"""SMTP sessions that stay open: open.py PORT, commands on standard input, one answer line each.

  open NAME LOGIN SOURCE [HELO]   -> 'ok'
  mail NAME FROM                  -> the code and text that RCPT or DATA was answered
  close NAME                      -> 'ok'

LOGIN '-' is without authentication.
"""
import sys

from send import message, session


def main():
    sessions = {}
    for line in sys.stdin:
        command, name, *words = line.split()
        if command == "open":
            sessions[name] = session(int(sys.argv[1]), *words)
            answer = "ok"
        elif command == "mail":
            _, _, code, text = message(sessions[name], words[0], ["friend@office.example"],
                                       "lunch?", 1)
            answer = "%d %s" % (code, text.decode("latin-1").replace("\n", " "))
        else:
            sessions.pop(name).close()
            answer = "ok"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
