import AuthBench

@main enum Main {
    static func main() { AuthBench.main(builtinStrategies + [MemorySessionStrategy.self]) }
}
