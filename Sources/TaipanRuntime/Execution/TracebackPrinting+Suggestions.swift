// "Did you mean": the closest of the names that exist, by an edit distance in which changing case is half a change.

extension Thread {
    /// The trailer for a NameError, AttributeError or ImportError, such as `. Did you mean: 'x'?`, or unbound.
    func suggestion(for exception: Value) -> Value {
        let pending = takePending()
        defer { state.pointee.pending = pending }
        do throws(Raised) {
            if exception.hasLayout(.attributeError) { return try attributeSuggestion(exception) }
            if exception.hasLayout(.nameError) { return try nameSuggestion(exception) }
            if exception.hasLayout(.importError) { return try importSuggestion(exception) }
        } catch {
            _ = takePending()
        }
        return .unbound
    }

    private func attributeSuggestion(_ exception: Value) throws(Raised) -> Value {
        let name = exception.cell[ExceptionObject.firstField], object = exception.cell[ExceptionObject.firstField + 1]
        if name.isUnbound || object.isUnbound || !name.hasLayout(.str) { return .unbound }
        return try didYouMean(closest(to: name, among: try dir(object)))
    }

    private func importSuggestion(_ exception: Value) throws(Raised) -> Value {
        let first = ExceptionObject.firstField
        let module = exception.cell[first], name = exception.cell[first + 2]
        if module.isUnbound || name.isUnbound || !module.hasLayout(.str) || !name.hasLayout(.str) { return .unbound }
        if objects.pointee.modules.isUnbound || !objects.pointee.modules.isKind(.dict) { return .unbound }
        let loaded = DictObject(objects.pointee.modules).findString(self, module)
        if loaded.isUnbound { return .unbound }
        return try didYouMean(closest(to: name, among: try dir(loaded)))
    }

    private func didYouMean(_ name: Value) throws(Raised) -> Value {
        name.isUnbound ? name : str(wtf8: Array(". Did you mean: ".utf8) + wtf8(try repr(name)) + [0x3F])
    }

    private func nameSuggestion(_ exception: Value) throws(Raised) -> Value {
        let name = exception.cell[ExceptionObject.firstField]
        var traceback = ExceptionObject(exception).traceback
        if name.isUnbound || !name.hasLayout(.str) || traceback.isUnbound { return .unbound }
        while TracebackObject(traceback).next.isBound { traceback = TracebackObject(traceback).next }
        let found = try nameInScopes(name, TracebackObject(traceback).frame)
        let library = sysAttribute(intern("stdlib_module_names"))
        let isModule = library.isBound && type(of: library).slots.pointee.contains.isSet ? try contains(library, name) : false
        if !isModule { return try didYouMean(found) }
        let ending = Array("id you forget to import ".utf8) + wtf8(try repr(name)) + [0x3F]
        if found.isUnbound { return str(wtf8: Array(". D".utf8) + ending) }
        return str(wtf8: Array(". Did you mean: ".utf8) + wtf8(try repr(found)) + Array("? Or d".utf8) + ending)
    }

    /// An attribute of `self` by that very name first, then what is similar among local variables, globals, builtins.
    private func nameInScopes(_ name: Value, _ frame: Value) throws(Raised) -> Value {
        let locals = try listFrom(try getattr(try getattr(frame, intern("f_code")), intern("co_varnames"))).value
        let selfName = intern("self")
        if try contains(locals, selfName) {
            let scope = try getattr(frame, intern("f_locals"))
            let object: Value = scope.isKind(.dict) ? DictObject(scope).findString(self, selfName) : .unbound
            if object.isBound, try getattrOrUnbound(object, intern(name)).isBound { return str(wtf8: Array("self.".utf8) + wtf8(name)) }
        }
        let own = closest(to: name, among: locals)
        if own.isBound { return own }
        let global = closest(to: name, among: try listFrom(try getattr(frame, intern("f_globals"))).value)
        if global.isBound { return global }
        return closest(to: name, among: try listFrom(try getattr(frame, intern("f_builtins"))).value)
    }

    /// The candidate (of a list) nearest to `name`, near enough, or unbound.
    private func closest(to name: Value, among candidates: Value) -> Value {
        let list = ListObject(candidates)
        if list.count >= 750 { return .unbound }
        let wanted = wtf8(name)
        var best = Value.unbound, bestDistance = Int.max
        var row = [Int](repeating: 0, count: 40)
        for i in 0..<list.count {
            if !list[i].isKind(.str) { return .unbound }
            let candidate = wtf8(list[i])
            if candidate == wanted { continue }
            // At most a third of the characters may need a change.
            let limit = min((wanted.count + candidate.count + 3) * 2 / 6, bestDistance - 1)
            let distance = Thread.distance(wanted, candidate, limit, &row)
            if distance > limit { continue }
            best = list[i]
            bestDistance = distance
        }
        return best
    }

    private static func substitutionCost(_ a: UInt8, _ b: UInt8) -> Int {
        if a & 31 != b & 31 { return 2 }
        if a == b { return 0 }
        func lower(_ c: UInt8) -> UInt8 { c >= 0x41 && c <= 0x5A ? c + 32 : c }
        return lower(a) == lower(b) ? 1 : 2
    }

    /// Levenshtein distance with moves of cost 2; anything beyond `limit` is just more than it.
    private static func distance(_ a: [UInt8], _ b: [UInt8], _ limit: Int, _ row: inout [Int]) -> Int {
        var start = 0, aEnd = a.count, bEnd = b.count
        while start < aEnd && start < bEnd && a[start] == b[start] { start += 1 }
        while aEnd > start && bEnd > start && a[aEnd - 1] == b[bEnd - 1] {
            aEnd -= 1
            bEnd -= 1
        }
        var short = a[start..<aEnd], long = b[start..<bEnd]
        if short.isEmpty || long.isEmpty { return (short.count + long.count) * 2 }
        if short.count > 40 || long.count > 40 { return limit + 1 }
        if long.count < short.count { swap(&short, &long) }
        if (long.count - short.count) * 2 > limit { return limit + 1 }
        for i in 0..<short.count { row[i] = (i + 1) * 2 }
        var result = 0
        for j in 0..<long.count {
            let c = long[long.startIndex + j]
            var diagonal = j * 2
            result = diagonal
            var least = Int.max
            for i in 0..<short.count {
                let substitute = diagonal + substitutionCost(c, short[short.startIndex + i])
                diagonal = row[i]
                result = min(min(result, diagonal) + 2, substitute)
                row[i] = result
                least = min(least, result)
            }
            if least > limit { return limit + 1 }
        }
        return result
    }
}
