// `termios`: the settings of terminals.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum TerminalModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "Terminal control through the POSIX calls. Every function takes a file descriptor, or an object with fileno(), first.")
        let namespace = t.newDict()
        try namespace.setString(t, t.intern("__module__"), t.intern("termios"))
        let error = try t.call(t.types.pointee.type, t.intern("error"), try t.tuple(t.types.pointee.exception), namespace.value)
        m.set("error", error)
        try t.keep("termios", try t.tuple(error))
        try PosixModule.forEachEntry(constants) { (name, n) throws(Raised) in try m.dict.setString(t, t.intern(t.str(utf8: name)), t.int(n)) }
        defineAttributes(m)
        defineQueues(m)
        defineWindowSize(m)
    }

    /// What a failed call raises: `termios.error(errno, text)`.
    private static func failure(_ t: Thread) -> Raised {
        let code = ctaipan_get_errno()
        do throws(Raised) {
            return t.raise(exception: try t.call(t.kept("termios", 0).value, t.int(Int(code)), t.str(t.systemErrorText(code))))
        } catch { return error }
    }

    private static func check(_ t: Thread, _ body: () -> Int32) throws(Raised) {
        if t.blocking(body) < 0 { throw failure(t) }
    }

    // MARK: Attributes

    private static func defineAttributes(_ m: ModuleBuilder) {
        m.function("tcgetattr", "($module, fd, /)", "Get the attributes of the terminal: [iflag, oflag, cflag, lflag, ispeed, ospeed, cc].\n\ncc is a list of bytes of length 1; the items VMIN and VTIME are ints outside canonical mode.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            var mode = termios()
            try check(t) { tcgetattr(fd, &mode) }
            return try attributes(t, &mode)
        }
        m.function("tcsetattr", "($module, fd, when, attributes, /)", "Set the attributes of the terminal, a list as tcgetattr() gives it.\n\nwhen is TCSANOW, TCSADRAIN (after the queued output) or TCSAFLUSH (and without the queued input).") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0]), when = try t.cInt(a[1])
            if !a[2].isKind(.list) || ListObject(a[2]).count != 7 { throw t.raise(.typeError, "tcsetattr, arg 3: must be 7 element list") }
            var mode = termios()
            try check(t) { tcgetattr(fd, &mode) }
            try read(t, ListObject(a[2]), &mode)
            try check(t) { tcsetattr(fd, when, &mode) }
            return .none
        }
    }

    private static func attributes(_ t: Thread, _ mode: inout termios) throws(Raised) -> Value {
        let controls = try t.newList()
        let numbers = mode.c_lflag & tcflag_t(ICANON) == 0
        let bytes = withUnsafeBytes(of: &mode.c_cc) { Array($0) }
        for (i, byte) in bytes.enumerated() {
            try t.append(controls, numbers && (i == Int(VMIN) || i == Int(VTIME)) ? t.int(Int(byte)) : try t.bytes([byte]))
        }
        let made = try t.newList()
        for flags in [mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag] { try t.append(made, t.int(Int(flags))) }
        try t.append(made, t.int(Int(cfgetispeed(&mode))))
        try t.append(made, t.int(Int(cfgetospeed(&mode))))
        try t.append(made, controls.value)
        return made.value
    }

    private static func read(_ t: Thread, _ list: ListObject, _ mode: inout termios) throws(Raised) {
        func flags(_ i: Int) throws(Raised) -> tcflag_t {
            if i >= list.count { throw t.raise(.indexError, "list index out of range") }
            return tcflag_t(truncatingIfNeeded: try t.index(list[i], overflow: .overflowError))
        }
        mode.c_iflag = try flags(0)
        mode.c_oflag = try flags(1)
        mode.c_cflag = try flags(2)
        mode.c_lflag = try flags(3)
        let input = speed_t(try flags(4)), output = speed_t(try flags(5))
        let count = MemoryLayout.size(ofValue: mode.c_cc)
        guard list.count == 7, list[6].isKind(.list), ListObject(list[6]).count == count else {
            throw t.raise(.typeError, "tcsetattr: attributes[6] must be list of length \(count)")
        }
        let controls = ListObject(list[6])
        var bytes = [UInt8](repeating: 0, count: count)
        for i in 0..<count {
            if i >= controls.count { throw t.raise(.indexError, "list index out of range") }
            let item = controls[i]
            if item.isKind(.bytes) && BytesObject(item).count == 1 {
                bytes[i] = BytesObject(item).data[0]
            } else if t.isInt(item) {
                bytes[i] = UInt8(truncatingIfNeeded: try t.index(item, overflow: .overflowError))
            } else {
                throw t.raise(.typeError, "tcsetattr: elements of attributes must be characters or integers")
            }
        }
        withUnsafeMutableBytes(of: &mode.c_cc) { $0.copyBytes(from: bytes) }
        try check(t) { cfsetispeed(&mode, input) }
        try check(t) { cfsetospeed(&mode, output) }
    }

    // MARK: Queues

    private static func defineQueues(_ m: ModuleBuilder) {
        m.function("tcsendbreak", "($module, fd, duration, /)", "Send a break; a duration of 0 is a quarter to half a second.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0]), duration = try t.cInt(a[1])
            try check(t) { tcsendbreak(fd, duration) }
            return .none
        }
        m.function("tcdrain", "($module, fd, /)", "Wait until all output has been transmitted.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            try check(t) { tcdrain(fd) }
            return .none
        }
        m.function("tcflush", "($module, fd, queue, /)", "Discard queued data: TCIFLUSH the input, TCOFLUSH the output, TCIOFLUSH both.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0]), queue = try t.cInt(a[1])
            try check(t) { tcflush(fd, queue) }
            return .none
        }
        m.function("tcflow", "($module, fd, action, /)", "Suspend or resume: TCOOFF and TCOON the output, TCIOFF and TCION the input.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0]), action = try t.cInt(a[1])
            try check(t) { tcflow(fd, action) }
            return .none
        }
    }

    // MARK: Window size

    private static func defineWindowSize(_ m: ModuleBuilder) {
        m.function("tcgetwinsize", "($module, fd, /)", "Get the size of the terminal's window: (rows, columns).") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            var size = winsize()
            try check(t) { ctaipan_ioctl(fd, UInt(TIOCGWINSZ), &size) }
            return try t.tuple(t.int(Int(size.ws_row)), t.int(Int(size.ws_col)))
        }
        m.function("tcsetwinsize", "($module, fd, winsize, /)", "Set the size of the terminal's window: (rows, columns).") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            if !t.type(of: a[1]).slots.pointee.getItem.isSet || a[1].isKind(.dict) { throw t.raise(.typeError, "tcsetwinsize, arg 2: must be a two-item sequence") }
            let items = try t.tupleFrom(a[1])
            if items.count != 2 { throw t.raise(.typeError, "tcsetwinsize, arg 2: must be a two-item sequence") }
            let rows = try t.index(items[0], overflow: .overflowError), columns = try t.index(items[1], overflow: .overflowError)
            var size = winsize()
            try check(t) { ctaipan_ioctl(fd, UInt(TIOCGWINSZ), &size) }
            size.ws_row = UInt16(truncatingIfNeeded: rows)
            size.ws_col = UInt16(truncatingIfNeeded: columns)
            if Int(size.ws_row) != rows || Int(size.ws_col) != columns { throw t.raise(.overflowError, "winsize value(s) out of range.") }
            try check(t) { ctaipan_ioctl(fd, UInt(TIOCSWINSZ), &size) }
            return .none
        }
    }
    #if os(Linux)
    private static var constants: StaticString {
        """
        B0 0;B1000000 4104;B110 3;B115200 4098;B1152000 4105;B1200 9;B134 4;B150 5;B1500000 4106;B1800 10;B19200 14;B200 6;B2000000 4107;\
        B230400 4099;B2400 11;B2500000 4108;B300 7;B3000000 4109;B3500000 4110;B38400 15;B4000000 4111;B460800 4100;B4800 12;B50 1;B500000 4101;\
        B57600 4097;B576000 4102;B600 8;B75 2;B921600 4103;B9600 13;BRKINT 2;BS0 0;BS1 8192;BSDLY 8192;CBAUD 4111;CBAUDEX 4096;CDSUSP 25;CEOF 4;\
        CEOL 0;CEOT 4;CERASE 127;CFLUSH 15;CIBAUD 269418496;CINTR 3;CKILL 21;CLNEXT 22;CLOCAL 2048;CQUIT 28;CR0 0;CR1 512;CR2 1024;CR3 1536;\
        CRDLY 1536;CREAD 128;CRPRNT 18;CRTSCTS 2147483648;CS5 0;CS6 16;CS7 32;CS8 48;CSIZE 48;CSTART 17;CSTOP 19;CSTOPB 64;CSUSP 26;CWERASE 23;\
        ECHO 8;ECHOCTL 512;ECHOE 16;ECHOK 32;ECHOKE 2048;ECHONL 64;ECHOPRT 1024;EXTA 14;EXTB 15;FF0 0;FF1 32768;FFDLY 32768;FIOASYNC 21586;\
        FIOCLEX 21585;FIONBIO 21537;FIONCLEX 21584;FIONREAD 21531;FLUSHO 4096;HUPCL 1024;ICANON 2;ICRNL 256;IEXTEN 32768;IGNBRK 1;IGNCR 128;\
        IGNPAR 4;IMAXBEL 8192;INLCR 64;INPCK 16;IOCSIZE_MASK 1073676288;IOCSIZE_SHIFT 16;ISIG 1;ISTRIP 32;IUCLC 512;IXANY 2048;IXOFF 4096;\
        IXON 1024;NCC 8;NCCS 32;NL0 0;NL1 256;NLDLY 256;NOFLSH 128;N_MOUSE 2;N_PPP 3;N_SLIP 1;N_STRIP 4;N_TTY 0;OCRNL 8;OFDEL 128;OFILL 64;\
        OLCUC 2;ONLCR 4;ONLRET 32;ONOCR 16;OPOST 1;PARENB 256;PARMRK 8;PARODD 512;PENDIN 16384;TAB0 0;TAB1 2048;TAB2 4096;TAB3 6144;TABDLY 6144;\
        TCFLSH 21515;TCGETA 21509;TCGETS 21505;TCIFLUSH 0;TCIOFF 2;TCIOFLUSH 2;TCION 3;TCOFLUSH 1;TCOOFF 0;TCOON 1;TCSADRAIN 1;TCSAFLUSH 2;\
        TCSANOW 0;TCSBRK 21513;TCSBRKP 21541;TCSETA 21510;TCSETAF 21512;TCSETAW 21511;TCSETS 21506;TCSETSF 21508;TCSETSW 21507;TCXONC 21514;\
        TIOCCONS 21533;TIOCEXCL 21516;TIOCGETD 21540;TIOCGICOUNT 21597;TIOCGLCKTRMIOS 21590;TIOCGPGRP 21519;TIOCGSERIAL 21534;TIOCGSOFTCAR 21529;\
        TIOCGWINSZ 21523;TIOCINQ 21531;TIOCLINUX 21532;TIOCMBIC 21527;TIOCMBIS 21526;TIOCMGET 21525;TIOCMIWAIT 21596;TIOCMSET 21528;TIOCM_CAR 64;\
        TIOCM_CD 64;TIOCM_CTS 32;TIOCM_DSR 256;TIOCM_DTR 2;TIOCM_LE 1;TIOCM_RI 128;TIOCM_RNG 128;TIOCM_RTS 4;TIOCM_SR 16;TIOCM_ST 8;\
        TIOCNOTTY 21538;TIOCNXCL 21517;TIOCOUTQ 21521;TIOCPKT 21536;TIOCPKT_DATA 0;TIOCPKT_DOSTOP 32;TIOCPKT_FLUSHREAD 1;TIOCPKT_FLUSHWRITE 2;\
        TIOCPKT_NOSTOP 16;TIOCPKT_START 8;TIOCPKT_STOP 4;TIOCSCTTY 21518;TIOCSERCONFIG 21587;TIOCSERGETLSR 21593;TIOCSERGETMULTI 21594;\
        TIOCSERGSTRUCT 21592;TIOCSERGWILD 21588;TIOCSERSETMULTI 21595;TIOCSERSWILD 21589;TIOCSER_TEMT 1;TIOCSETD 21539;TIOCSLCKTRMIOS 21591;\
        TIOCSPGRP 21520;TIOCSSERIAL 21535;TIOCSSOFTCAR 21530;TIOCSTI 21522;TIOCSWINSZ 21524;TOSTOP 256;VDISCARD 13;VEOF 4;VEOL 11;VEOL2 16;\
        VERASE 2;VINTR 0;VKILL 3;VLNEXT 15;VMIN 6;VQUIT 1;VREPRINT 12;VSTART 8;VSTOP 9;VSUSP 10;VSWTC 7;VSWTCH 7;VT0 0;VT1 16384;VTDLY 16384;\
        VTIME 5;VWERASE 14;XCASE 4;XTABS 6144
        """
    }
    #else
    private static var constants: StaticString {
        """
        TCSANOW 0;TCSADRAIN 1;TCSAFLUSH 2;TCIFLUSH 1;TCOFLUSH 2;TCIOFLUSH 3;TCOOFF 1;TCOON 2;TCIOFF 3;TCION 4
        """
    }
    #endif
}
