public enum Unparse { public static func text(_ e: Expression) -> String { "" } }
