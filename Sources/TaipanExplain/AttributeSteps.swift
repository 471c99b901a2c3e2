// An attribute's look-up told step by step, without running any of it: where the name is looked for, and what is found there.

import TaipanBytecode
import TaipanRuntime

extension ExplainRecorder {
    /// Adds the look-up of a LOAD_ATTR, STORE_ATTR or DELETE_ATTR that is about to run to its events.
    func tellAttribute(_ t: Thread, _ point: RunPoint, _ track: UnsafeMutablePointer<CodeTrack>, _ unit: Int) {
        if point.stackDepth == 0 { return }
        let isLoad = track.pointee.opcodes[unit] == 106
        let argument = Int(track.pointee.arguments[unit]), index = isLoad ? argument >> 1 : argument
        let names = TupleObject(CodeCell(point.code).names)
        if index >= names.count { return }
        let object = point.entry(point.stackDepth - 1)
        var told = event("attribute", "." + t.string(names[index]))
        told.steps = AttributeSteps(t: t, name: names[index]).steps(object, isLoad: isLoad)
        attach(told, to: total)
    }
}

struct AttributeSteps {
    let t: Thread
    let name: Value

    func steps(_ object: Value, isLoad: Bool) -> [String] {
        let type = t.type(of: object)
        var steps: [String] = []
        if object.hasLayout(.module) { return moduleSteps(object) }
        let hook = isLoad ? "__getattribute__" : "__setattr__"
        let own = t.lookup(type, t.intern(hook))
        if own.hasLayout(.function) { return ["\(t.typeName(object)) has a \(hook) of its own, which is called"] }
        if object.isKind(.type) { return classSteps(TypeObject(object), type, isLoad) }
        let found = search(type, "class", &steps)
        let kind = found.isBound ? descriptorKind(found) : .none
        if kind == .data {
            steps.append("it is a data descriptor (\(t.typeName(found))): its \(isLoad ? "__get__" : "__set__") decides")
            return steps
        }
        if !isLoad {
            steps.append("no data descriptor: it is stored in the instance")
            return steps
        }
        let instance = object.isCell ? t.instanceAttribute(object.cell, name) : .unbound
        if instance.isBound {
            steps.append("in the instance: found, a \(t.typeName(instance))")
            return steps
        }
        steps.append("in the instance: not there")
        if found.isBound {
            steps.append(kind == .other ? "the class's \(t.typeName(found)) is a descriptor without __set__: its __get__ binds it to the instance" : "the class's \(t.typeName(found)) is the answer")
            return steps
        }
        let fallback = t.lookup(type, t.intern("__getattr__"))
        steps.append(fallback.isBound ? "the class has __getattr__, which is called" : "no __getattr__: AttributeError")
        return steps
    }

    /// Class by class; gives what the first that has the name holds.
    private func search(_ type: TypeObject, _ word: String, _ steps: inout [String]) -> Value {
        if type.mro.isUnbound { return .unbound }
        let mro = TupleObject(type.mro)
        for i in 0..<mro.count where mro[i].isKind(.type) {
            let one = TypeObject(mro[i])
            let found = one.dict.isBound ? DictObject(one.dict).findString(t, name) : .unbound
            steps.append("in \(word) \(t.string(one.name)): " + (found.isBound ? "found, a \(t.typeName(found))" : "not there"))
            if found.isBound { return found }
        }
        return .unbound
    }

    private enum Kind { case none, data, other }

    /// What the found value's own class says about it.
    private func descriptorKind(_ value: Value) -> Kind {
        let slots = t.type(of: value).slots
        if slots.pointee.descriptorSet.isSet { return .data }
        return slots.pointee.descriptorGet.isSet ? .other : .none
    }

    private func classSteps(_ type: TypeObject, _ metatype: TypeObject, _ isLoad: Bool) -> [String] {
        var steps: [String] = []
        let meta = search(metatype, "metaclass", &steps)
        if meta.isBound && descriptorKind(meta) == .data {
            steps.append("it is a data descriptor: its \(isLoad ? "__get__" : "__set__") decides")
            return steps
        }
        if !isLoad {
            steps.append("no data descriptor: it is stored in the class")
            return steps
        }
        let found = search(type, "class", &steps)
        if found.isBound {
            steps.append(descriptorKind(found) == .none ? "it is the answer" : "it is a descriptor: its __get__ is called without an instance")
        } else {
            steps.append(meta.isBound ? "the metaclass's is bound to the class" : "AttributeError, unless the metaclass has __getattr__")
        }
        return steps
    }

    private func moduleSteps(_ module: Value) -> [String] {
        let dict = module.cell[1]
        let found = dict.isBound ? DictObject(dict).findString(t, name) : .unbound
        if found.isBound { return ["in class module: no data descriptor", "in the module's namespace: found, a \(t.typeName(found))"] }
        let fallback = dict.isBound ? DictObject(dict).findString(t, t.intern("__getattr__")) : .unbound
        return ["in the module's namespace: not there", fallback.isBound ? "the module has __getattr__, which is called" : "AttributeError"]
    }
}
