// All builtin types, in the order in which they are defined. A type comes after its base.

extension Thread {
    func defineTypes() {
        defineObjectType()
        defineTypeType()
        defineClassTypes()
        defineTextTypes()
        tell(.startedUp(step: "types", detail: "object, type, classes, texts"))
        defineExceptionTypes()
        tell(.startedUp(step: "exceptions", detail: ""))
        defineTracebackType()
        defineFunctionType()
        defineCodeTypes()
        defineGeneratorTypes()
        defineAsyncGeneratorTypes()
        defineSingletonTypes()
        defineNumberTypes()
        defineContainerTypes()
        defineInternalTypes()
        defineMissingTypes()
        tell(.startedUp(step: "more types", detail: "functions, generators, numbers, containers; \(MemoryLayout<BuiltinTypes>.size / 8) in all"))
    }

    /// No builtin type is without mro and layout, even one whose definition is on its way.
    private func defineMissingTypes() {
        if TypeObject(types.pointee.asyncGenerator).mro.isUnbound { defineType(.asyncGenerator, "async_generator", flags: TypeFlag.hasWeakReferences, generatorLayout()) { _ in } }
        for i in 1..<UInt32(LayoutID.firstDynamic) where TypeObject(types[LayoutID(rawValue: i)]).mro.isUnbound {
            defineType(LayoutID(rawValue: i), "internal", .values(1)) { _ in }
        }
    }

    /// Lists, tuples, mappings, sets, ranges and what iterates over them.
    private func defineContainerTypes() {
        defineSliceType()
        defineTupleType()
        defineListType()
        defineRangeType()
        defineRangeIteratorTypes()
        defineSequenceIteratorTypes()
        defineEnumerateTypes()
        defineZipMapFilterTypes()
        defineDictType()
        defineDictIteratorTypes()
        defineDictViewTypes()
        defineSetTypes()
    }

    /// Descriptors, modules and what else classes are made of.
    private func defineClassTypes() {
        defineNativeDescriptorTypes()
        defineMethodType()
        defineStaticAndClassMethodTypes()
        definePropertyType()
        defineSuperType()
        defineCellType()
        defineMappingProxyType()
        defineModuleType()
        defineSimpleNamespaceType()
        defineWeakReferenceTypes()
        defineUnionType()
        defineGenericAliasTypes()
        defineTypeVariableTypes()
        defineTypeAliasType()
    }

    /// str, the bytes types and their iterators.
    private func defineTextTypes() {
        defineStrType()
        defineBytesType()
        defineByteArrayType()
        defineMemoryViewType()
        defineBytesIteratorTypes()
    }

    private func defineNumberTypes() {
        defineIntType()
        defineBoolType()
        defineFloatType()
        defineComplexType()
    }

    /// Cells that programs never see: buffers and tables behind the containers.
    private func defineInternalTypes() {
        defineType(.valueBuffer, "_buffer", NativeLayout(valueWords: LayoutInfo.allWords, bytes: 16)) { _ in }
        defineType(.attributeSlots, "_attribute_slots", NativeLayout(valueWords: LayoutInfo.allWords, bytes: 16)) { _ in }
        defineType(.dictTable, "_dict_table", NativeLayout(valueWords: 0, bytes: 32, trace: Thread.traceDictTable)) { _ in }
        defineType(.setTable, "_set_table", NativeLayout(valueWords: 0, bytes: 32, trace: Thread.traceSetTable)) { _ in }
        defineType(.nativeBox, "_native_box", .leaf(bytes: 16)) { _ in }
    }
}
