// `_warnings`: the face of the interpreter's warnings.

import TaipanRuntime

enum WarningsModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        try t.prepareWarnings()
        b.str("__doc__", "Low-level interface to warnings functionality.")
        b.function("warn", "($module, /, message, category=None, stacklevel=1, source=None, *,\n     skip_file_prefixes=<unrepresentable>)",
                   "Issue a warning, or ignore it, or raise it.") { (t, a) throws(Raised) in
            let category = try t.warningCategory(a[0], a[1])
            var level = a[2].isUnbound ? 1 : try t.index(a[2], overflow: .overflowError)
            var prefixes = Value.unbound
            if a[4].isBound {
                if !a[4].isKind(.tuple) {
                    throw t.raise(.typeError, "warn() argument 'skip_file_prefixes' must be tuple, not \(a[4].isNone ? "None" : t.typeName(a[4]))")
                }
                let items = TupleObject(a[4])
                for i in 0..<items.count where !items[i].isKind(.str) {
                    throw t.raise(.typeError, "Found non-str '\(t.typeName(items[i]))' in skip_file_prefixes.")
                }
                if items.count > 0 {
                    prefixes = a[4]
                    level = max(level, 2)
                }
            }
            try t.warn(a[0], category, level, source: a[3], skipPrefixes: prefixes)
            return .none
        }
        b.function("warn_explicit", "($module, /, message, category, filename, lineno,\n              module=<unrepresentable>, registry=None,\n              module_globals=None, source=None)",
                   "Issue a warning for a place that is given.") { (t, a) throws(Raised) in
            try t.warnExplicit(arguments: a)
            return .none
        }
        b.function("_filters_mutated", "($module, /)") { (t, _) in
            t.warningFiltersMutated()
            return .none
        }
        b.set("filters", t.objects.pointee.warningsFilters)
        b.set("_onceregistry", t.objects.pointee.warningsOnceRegistry)
        b.set("_defaultaction", t.objects.pointee.warningsDefaultAction)
    }
}
