public enum UnicodeNames {
    public static func lookup(_ name: UnsafeBufferPointer<UInt8>) -> UInt32? { nil }
}
