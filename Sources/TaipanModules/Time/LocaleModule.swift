// `_locale`: the C library's locale.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

public enum LocaleModule {
    public static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        b.set("__doc__", t.str("Support for POSIX locales."))
        let namespace = t.newDict()
        try namespace.setString(t, t.name(.__module__), t.str("locale"))
        b.set("Error", try t.call(t.types.pointee.type, t.str("Error"), try t.tuple(t.types.pointee.exception), namespace.value))
        for (name, n) in [("LC_CTYPE", LC_CTYPE), ("LC_NUMERIC", LC_NUMERIC), ("LC_TIME", LC_TIME), ("LC_COLLATE", LC_COLLATE), ("LC_MONETARY", LC_MONETARY),
                          ("LC_MESSAGES", LC_MESSAGES), ("LC_ALL", LC_ALL)] as [(StaticString, Int32)] { b.int(name, Int(n)) }
        b.int("CHAR_MAX", 127)
        for (name, n) in languageItems() { b.set(name, t.int(n)) }
        defineLocale(b)
        defineCollation(b)
        defineMessages(b)
    }

    /// The constants of nl_langinfo.
    private static func languageItems() -> [(StaticString, Int)] {
        #if os(Linux)
        let time = 0x20000
        return [
            ("ABDAY_1", time), ("ABDAY_2", time + 1), ("ABDAY_3", time + 2), ("ABDAY_4", time + 3), ("ABDAY_5", time + 4), ("ABDAY_6", time + 5), ("ABDAY_7", time + 6),
            ("DAY_1", time + 7), ("DAY_2", time + 8), ("DAY_3", time + 9), ("DAY_4", time + 10), ("DAY_5", time + 11), ("DAY_6", time + 12), ("DAY_7", time + 13),
            ("ABMON_1", time + 14), ("ABMON_2", time + 15), ("ABMON_3", time + 16), ("ABMON_4", time + 17), ("ABMON_5", time + 18), ("ABMON_6", time + 19),
            ("ABMON_7", time + 20), ("ABMON_8", time + 21), ("ABMON_9", time + 22), ("ABMON_10", time + 23), ("ABMON_11", time + 24), ("ABMON_12", time + 25),
            ("MON_1", time + 26), ("MON_2", time + 27), ("MON_3", time + 28), ("MON_4", time + 29), ("MON_5", time + 30), ("MON_6", time + 31),
            ("MON_7", time + 32), ("MON_8", time + 33), ("MON_9", time + 34), ("MON_10", time + 35), ("MON_11", time + 36), ("MON_12", time + 37),
            ("AM_STR", time + 38), ("PM_STR", time + 39), ("D_T_FMT", time + 40), ("D_FMT", time + 41), ("T_FMT", time + 42), ("T_FMT_AMPM", time + 43),
            ("ERA", time + 44), ("ERA_D_FMT", time + 46), ("ALT_DIGITS", time + 47), ("ERA_D_T_FMT", time + 48), ("ERA_T_FMT", time + 49), ("_DATE_FMT", time + 108),
            ("CODESET", 14), ("CRNCYSTR", 0x4000F), ("RADIXCHAR", 0x10000), ("THOUSEP", 0x10001), ("YESEXPR", 0x50000), ("NOEXPR", 0x50001),
        ]
        #else
        return [("CODESET", Int(CODESET)), ("D_T_FMT", Int(D_T_FMT)), ("D_FMT", Int(D_FMT)), ("T_FMT", Int(T_FMT)), ("RADIXCHAR", Int(RADIXCHAR)), ("THOUSEP", Int(THOUSEP)),
                ("YESEXPR", Int(YESEXPR)), ("NOEXPR", Int(NOEXPR)), ("CRNCYSTR", Int(CRNCYSTR))]
        #endif
    }

    private static func failure(_ t: Thread, _ message: StaticString) throws(Raised) -> Raised {
        let module = try t.importModule(t.str("_locale"), .unbound, .unbound, 0)
        return t.raise(exception: try t.call(try t.getattr(module, t.intern("Error")), t.str(message)))
    }

    private static func text(_ t: Thread, _ pointer: UnsafePointer<CChar>?) throws(Raised) -> Value {
        guard let pointer else { return t.objects.pointee.emptyStr }
        return try t.systemText(pointer, asBytes: false)
    }

    private static func cText(_ t: Thread, _ value: Value) throws(Raised) -> [CChar] {
        let bytes = try t.encodeFileSystem(value)
        if bytes.contains(0) { throw t.raise(.valueError, "embedded null character") }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }

    private static func defineLocale(_ b: ModuleBuilder) {
        b.function("setlocale", "($module, category, locale=<unrepresentable>, /)", "Activates/queries locale processing.") { (t, a) throws(Raised) in
            let category = try t.cInt(a[0])
            if a[1].isNoneOrUnbound {
                guard let name = setlocale(category, nil) else { throw try failure(t, "locale query failed") }
                return try text(t, name)
            }
            if !a[1].isKind(.str) { throw t.raise(.typeError, "setlocale() argument 2 must be str or None, not \(t.typeName(a[1]))") }
            guard let name = setlocale(category, try cText(t, a[1])) else { throw try failure(t, "unsupported locale setting") }
            return try text(t, name)
        }
        b.function("localeconv", "($module, /)", "Returns numeric and monetary locale-specific parameters.") { (t, a) throws(Raised) in try conventions(t) }
        b.function("nl_langinfo", "($module, key, /)", "Return the value for the locale information associated with key.") { (t, a) throws(Raised) in
            let key = try t.cInt(a[0])
            if !languageItems().contains(where: { $0.1 == Int(key) }) { throw t.raise(.valueError, "unsupported langinfo constant") }
            return try text(t, nl_langinfo(nl_item(key)))
        }
        b.function("getencoding", "($module, /)", "Get the current locale encoding.") { (t, a) throws(Raised) in t.str(t.localeCodeset) }
    }

    private static func grouping(_ t: Thread, _ pointer: UnsafePointer<CChar>?) throws(Raised) -> Value {
        let list = try t.newList()
        guard var at = pointer else { return list.value }
        if at.pointee == 0 { return list.value }
        while at.pointee != 0 && at.pointee != CChar.max {
            try t.append(list, t.int(Int(at.pointee)))
            at += 1
        }
        try t.append(list, t.int(Int(at.pointee)))
        return list.value
    }

    private static func conventions(_ t: Thread) throws(Raised) -> Value {
        let dict = t.newDict()
        guard let c = localeconv() else { return dict.value }
        let l = c.pointee
        for (name, value) in [("int_curr_symbol", l.int_curr_symbol), ("currency_symbol", l.currency_symbol), ("mon_decimal_point", l.mon_decimal_point),
                              ("mon_thousands_sep", l.mon_thousands_sep)] as [(StaticString, UnsafeMutablePointer<CChar>?)] {
            try dict.setString(t, t.intern(name), try text(t, value))
        }
        try dict.setString(t, t.intern("mon_grouping"), try grouping(t, l.mon_grouping))
        for (name, value) in [("positive_sign", l.positive_sign), ("negative_sign", l.negative_sign)] as [(StaticString, UnsafeMutablePointer<CChar>?)] {
            try dict.setString(t, t.intern(name), try text(t, value))
        }
        for (name, value) in [("int_frac_digits", l.int_frac_digits), ("frac_digits", l.frac_digits), ("p_cs_precedes", l.p_cs_precedes), ("p_sep_by_space", l.p_sep_by_space),
                              ("n_cs_precedes", l.n_cs_precedes), ("n_sep_by_space", l.n_sep_by_space), ("p_sign_posn", l.p_sign_posn),
                              ("n_sign_posn", l.n_sign_posn)] as [(StaticString, CChar)] {
            try dict.setString(t, t.intern(name), t.int(Int(value)))
        }
        for (name, value) in [("decimal_point", l.decimal_point), ("thousands_sep", l.thousands_sep)] as [(StaticString, UnsafeMutablePointer<CChar>?)] {
            try dict.setString(t, t.intern(name), try text(t, value))
        }
        try dict.setString(t, t.intern("grouping"), try grouping(t, l.grouping))
        return dict.value
    }

    private static func defineCollation(_ b: ModuleBuilder) {
        b.function("strcoll", "($module, os1, os2, /)", "Compares two strings according to the locale.") { (t, a) throws(Raised) in
            for i in 0..<2 where !a[i].isKind(.str) { throw t.raise(.typeError, "strcoll() argument \(i + 1) must be str, not \(t.argumentTypeName(a[i]))") }
            return t.int(Int(strcoll(try cText(t, a[0]), try cText(t, a[1]))))
        }
        b.function("strxfrm", "($module, string, /)", "Return a string that can be used as a key for locale-aware comparisons.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "strxfrm() argument must be str, not \(t.argumentTypeName(a[0]))") }
            let source = try cText(t, a[0])
            let size = strxfrm(nil, source, 0) + 1
            var out = [CChar](repeating: 0, count: size)
            _ = strxfrm(&out, source, size)
            return try text(t, out)
        }
    }

    /// gettext: without catalogues of its own, the C library gives messages back as they are.
    private static func defineMessages(_ b: ModuleBuilder) {
        #if os(Linux)
        b.function("gettext", "($module, msg, /)") { (t, a) throws(Raised) in try text(t, ctaipan_gettext(nil, try cText(t, a[0]))) }
        b.function("dgettext", "($module, domain, msg, /)") { (t, a) throws(Raised) in
            let message = try cText(t, a[1])
            return try text(t, a[0].isNone ? ctaipan_gettext(nil, message) : ctaipan_gettext(try cText(t, a[0]), message))
        }
        b.function("dcgettext", "($module, domain, msg, category, /)") { (t, a) throws(Raised) in
            let message = try cText(t, a[1]), category = try t.cInt(a[2])
            return try text(t, a[0].isNone ? ctaipan_dcgettext(nil, message, category) : ctaipan_dcgettext(try cText(t, a[0]), message, category))
        }
        b.function("textdomain", "($module, domain, /)") { (t, a) throws(Raised) in
            try text(t, a[0].isNone ? ctaipan_textdomain(nil) : ctaipan_textdomain(try cText(t, a[0])))
        }
        b.function("bindtextdomain", "($module, domain, dir, /)") { (t, a) throws(Raised) in
            let domain = try cText(t, a[0])
            if domain.count == 1 { throw try failure(t, "domain must be a non-empty string") }
            guard let folder = a[1].isNone ? ctaipan_bindtextdomain(domain, nil) : ctaipan_bindtextdomain(domain, try t.fileSystemBytes(a[1])) else { return .none }
            return try text(t, folder)
        }
        b.function("bind_textdomain_codeset", "($module, domain, codeset, /)") { (t, a) throws(Raised) in
            let domain = try cText(t, a[0])
            guard let name = a[1].isNone ? ctaipan_bind_codeset(domain, nil) : ctaipan_bind_codeset(domain, try cText(t, a[1])) else { return .none }
            return try text(t, name)
        }
        #endif
    }
}
