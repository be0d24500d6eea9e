import Foundation

/// Recordings of real gates, kept in `Tests/Recordings`.
enum Recordings {
    static func url(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Recordings/\(name).jsonl")
    }
}
