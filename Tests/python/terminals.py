"""termios: the attributes and the window size of a pseudo-terminal."""
import errno
import os
import termios

controller, follower = os.openpty()
attributes = termios.tcgetattr(follower)
assert len(attributes) == 7 and len(attributes[6]) == termios.NCCS
attributes[3] &= ~termios.ECHO
termios.tcsetattr(follower, termios.TCSANOW, attributes)
assert termios.tcgetattr(follower)[3] & termios.ECHO == 0
termios.tcsetwinsize(follower, (25, 80))
assert termios.tcgetwinsize(follower) == (25, 80)
termios.tcflush(follower, termios.TCIOFLUSH)
for wrong, kind in ((attributes[:-1], TypeError), (tuple(attributes), TypeError), ([2 ** 1000] + attributes[1:], OverflowError)):
    try:
        termios.tcsetattr(follower, termios.TCSANOW, wrong)
    except kind:
        pass
    else:
        raise AssertionError(kind)
os.close(controller)
os.close(follower)
with open(os.devnull) as file:
    try:
        termios.tcgetattr(file)
    except termios.error as error:
        assert error.args[0] == errno.ENOTTY, error.args
    else:
        raise AssertionError
