import AuthBenchParts

@main enum Main {
    /// A strategy, a store and an algorithm of one's own.
    static func main() {
        AuthBench.main(
            builtinStrategies + [
                MemorySessionStrategy.self, Session<FileSessionStore>.self, Token<HS512>.self,
            ])
    }
}
