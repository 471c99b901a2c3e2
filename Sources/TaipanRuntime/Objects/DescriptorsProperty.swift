// `property`: words 1–3 the functions (unbound for None), 4 the doc, 5 the name, 6 whether the doc is the getter's (a bool).

extension Thread {
    func definePropertyType() {
        defineType(.property, "property", flags: TypeFlag.base, .values(6)) { b in
            b.doc("property(fget=None, fset=None, fdel=None, doc=None)\n--\n\nAn attribute that functions get, set and delete.\n\nAs a decorator it makes the function the getter; getter(), setter() and deleter()\nmake a copy with another function.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot(Thread.propertyInit)
            s.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isNoneOrUnbound { return v }
                if v.cell[1].isUnbound { throw t.propertyError(v, object, "getter") }
                return try t.call(v.cell[1], object)
            }
            s.pointee.descriptorSet = StoreSlot { (t, v, object, new) throws(Raised) in
                let function = v.cell[new.isUnbound ? 3 : 2]
                if function.isUnbound { throw t.propertyError(v, object, new.isUnbound ? "deleter" : "setter") }
                _ = new.isUnbound ? try t.call(function, object) : try t.call(function, object, new)
            }
            b.method("getter", "!($self, object, /)", "Descriptor to obtain a copy of the property with a different getter.") { (t, a) throws(Raised) in
                try t.copyProperty(a[0], get: a[1], set: .unbound, delete: .unbound)
            }
            b.method("setter", "!($self, object, /)", "Descriptor to obtain a copy of the property with a different setter.") { (t, a) throws(Raised) in
                try t.copyProperty(a[0], get: .unbound, set: a[1], delete: .unbound)
            }
            b.method("deleter", "!($self, object, /)", "Descriptor to obtain a copy of the property with a different deleter.") { (t, a) throws(Raised) in
                try t.copyProperty(a[0], get: .unbound, set: .unbound, delete: a[1])
            }
            b.rawMethod("__set_name__", "", "Method to set name of a property.") { (t, a) throws(Raised) in
                if a.count != 3 { throw t.raise(.typeError, "__set_name__() takes 2 positional arguments but \(a.count - 1) were given") }
                a[0].cell[5] = a[2]
                return .none
            }
            b.member("fget", word: 1)
            b.member("fset", word: 2)
            b.member("fdel", word: 3)
            b.member("__doc__", word: 4, readOnly: false)
            b.getset("__isabstractmethod__", get: { (t, v) throws(Raised) in
                for i in 1...3 where try t.isAbstractMethod(v.cell[i]) { return .true }
                return .false
            })
        }
    }

    /// `property(fget=None, fset=None, fdel=None, doc=None)`.
    static func propertyInit(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        let base = try t.pushScratch(4)
        defer { t.popScratch(base) }
        if a.count > 4 { throw t.raise(.typeError, "property() takes at most 4 arguments (\(a.count) given)") }
        for i in 0..<a.count { base[i] = a[i] }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count {
                guard let place = ["fget", "fset", "fdel", "doc"].firstIndex(of: t.string(names[i])) else {
                    throw t.raise(.typeError, "property() got an unexpected keyword argument '\(t.string(names[i]))'")
                }
                if base[place].isBound { throw t.raise(.typeError, "argument for property() given by name ('\(t.string(names[i]))') and position (\(place + 1))") }
                base[place] = a.base[a.count + i]
            }
        }
        for i in 0..<3 { v.cell[i + 1] = base[i].isNone ? .unbound : base[i] }
        v.cell[4] = .unbound
        v.cell[5] = .unbound
        v.cell[6] = .false
        var doc = base[3]
        if doc.isNoneOrUnbound && v.cell[1].isBound {
            doc = try t.getattrOrUnbound(v.cell[1], t.name(.__doc__))
            if !doc.isNoneOrUnbound { v.cell[6] = .true }
        }
        if v.hasLayout(.property) {
            v.cell[4] = doc
        } else if doc.isBound {
            // A subclass may have a `__doc__` of its own: the instance's goes before it.
            do throws(Raised) {
                try t.setattr(v, t.name(.__doc__), doc)
            } catch {
                if v.cell[6].isTrue { throw error }
                try t.swallow(.attributeError, error)
            }
        }
    }

    private func propertyError(_ v: Value, _ object: Value, _ what: String) -> Raised {
        let owner = string(type(of: object).qualname)
        if v.cell[5].isUnbound { return raise(.attributeError, "property of '\(owner)' object has no \(what)") }
        do throws(Raised) {
            return raise(.attributeError, "property \(try reprText(v.cell[5])) of '\(owner)' object has no \(what)")
        } catch { return error }
    }

    /// A property of the same type with one function replaced.
    private func copyProperty(_ v: Value, get: Value, set: Value, delete: Value) throws(Raised) -> Value {
        let base = try pushScratch(4)
        defer { popScratch(base) }
        func pick(_ new: Value, _ word: Int) -> Value { new.isNoneOrUnbound ? (v.cell[word].isBound ? v.cell[word] : .none) : new }
        base[0] = pick(get, 1)
        base[1] = pick(set, 2)
        base[2] = pick(delete, 3)
        // A doc that came from the getter comes from the new getter again.
        base[3] = v.cell[6].isTrue && !base[0].isNone ? .none : v.cell[4].isUnbound ? .none : v.cell[4]
        let made = try call(type(of: v).value, Arguments(base, 4))
        if isInstance(made, of: types.pointee.property) && v.cell[5].isBound { made.cell[5] = v.cell[5] }
        return made
    }
}
