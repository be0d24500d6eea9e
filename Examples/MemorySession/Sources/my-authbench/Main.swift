import AuthBenchCLI

@main enum Main {
    static func main() { AuthBench.main([MemorySessionStrategy.self]) }
}
