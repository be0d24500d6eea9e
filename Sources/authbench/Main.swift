import AuthBenchCLI
import AuthStrategies

@main enum Main {
    static func main() { AuthBench.main(builtinStrategies) }
}
