/// A benchmark's name as the tool writes it into the name of a threshold file: it reads the file back only when there is
/// nothing to be replaced.
public func benchmarkName(_ words: String) -> String {
    String(words.map { $0 == " " ? "_" : $0 })
}
