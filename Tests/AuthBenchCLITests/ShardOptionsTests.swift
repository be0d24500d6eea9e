import AuthCore
import AuthStrategies
import Backends
import Foundation
import Testing

@testable import AuthBenchCLI

@Suite("Options of shards")
struct ShardOptionsTests {
    @Test(
        "who starts many processes says which one this is",
        arguments: [
            (["SLURM_PROCID": "0", "SLURM_NTASKS": "4"], 1, 4),
            (["OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"], 4, 4),
            (["PMI_RANK": "1", "PMI_SIZE": "2"], 2, 2),
            (["JOB_COMPLETION_INDEX": "6", "JOB_COMPLETIONS": "8"], 7, 8),
            // mpirun within a job of Slurm: all inherit the words of Slurm.
            (
                [
                    "SLURM_PROCID": "0", "SLURM_NTASKS": "1", "OMPI_COMM_WORLD_RANK": "2",
                    "OMPI_COMM_WORLD_SIZE": "3",
                ], 3, 3
            ),
        ])
    func environment(words: [String: String], index: Int, count: Int) throws {
        #expect(try ShardOptions.shard(in: words) == Shard(index, of: count))
        for arguments in [[], ["--shard", "auto"]] {
            let options = try ShardOptions.parse(arguments + ["--rendezvous", "redis://store"])
            let plan = try #require(try options.plan(try StoreOptions.parse([]), environment: words))
            #expect(plan.shard == Shard(index, of: count) && plan.rendezvous?.url == "redis://store")
        }
        let own = try ShardOptions.parse(["--shard", "1/9", "--rendezvous", "redis://store"])
        #expect(try own.plan(try StoreOptions.parse([]), environment: words)?.shard == Shard(1, of: 9))
        let none = try ShardOptions.parse([])
        #expect(
            try none.plan(try StoreOptions.parse([]), environment: words) == nil, "nobody asked for shards")
    }

    @Test("words that name no shard are refused in one line that says what to do")
    func nonsense() throws {
        for (words, part) in [
            ([:], "give --shard i/n"), (["JOB_COMPLETION_INDEX": "2"], "JOB_COMPLETIONS is not set"),
            (["SLURM_PROCID": "x", "SLURM_NTASKS": "2"], "SLURM_PROCID is x"),
            (["SLURM_PROCID": "2", "SLURM_NTASKS": "2"], "no shard"),
            (["PMI_RANK": "-1", "PMI_SIZE": "2"], "no shard"),
            (["PMI_RANK": "9223372036854775807", "PMI_SIZE": "2"], "no shard"),
        ] {
            let error = #expect(throws: CommandError.self) { try ShardOptions.shard(in: words) }
            #expect(error?.status == 64 && error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
    }

    @Test(
        "what shards cannot share is refused before anything is started",
        arguments: [
            (["--strategy", "sqlite-session"], "sqlite-session keeps its state in a file of one machine"),
            (
                ["--strategy", "memory-session"],
                "memory-session keeps its state in the memory of one process"
            ),
            (["--strategy", "hybrid"], "hybrid keeps its state in a file"),
            (["--strategy", "redis-session"], "name it with --redis"),
            (["--strategy", "postgres-session"], "name it with --postgres"),
            (["--strategy", "hs256", "--clients", "1"], "2 shards cannot share 1 clients"),
            (["--strategy", "hs256", "--over-http"], "leave out --over-http"),
            (["--strategy", "hs256", "--store-rtt", "direct,1ms"], "give one --store-rtt"),
            (["--strategy", "hs256", "--rendezvous", "http://x"], "--rendezvous is not the address"),
            (["--strategy", "hs256", "--rendezvous", "redis://:secret@x"], "--rendezvous has a password"),
            (["--strategy", "hs256", "--rendezvous-patience", "0"], "--rendezvous-patience is 0.0"),
            (["--strategy", "hs256", "--rendezvous-name", "a b"], "--rendezvous-name a b"),
            (["--strategy", "hs256", "--shard", "3/2"], "--shard 3/2"),
            ([], "sqlite-session keeps its state"),
        ])
    func refused(arguments: [String], part: String) throws {
        let line = ["--shard", "1/2", "--rendezvous", "redis://127.0.0.1:1"] + arguments
        let error = #expect(throws: CommandError.self) {
            try Registry.$strategies.withValue(builtinStrategies) { _ = try RunCommand.parse(line).plan() }
        }
        #expect(error?.status == 64 && error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false)
    }

    @Test(
        "a shard without a rendezvous is refused where there are others, and a rendezvous where nobody answers"
    )
    func rendezvous() throws {
        let disk = try Disk()
        let run = ["run", "--strategy", "hs256", "--population", "320", "-q"]
        let before = try disk.contents()
        let alone = try disk.program(run + ["--shard", "1/2"]).finish()
        #expect(alone.status == 64 && alone.errors.contains("add --rendezvous"), "\(alone.errors)")
        let dead = try disk.program(run + ["--shard", "1/2", "--rendezvous", "redis://127.0.0.1:1"]).finish()
        #expect(
            dead.status == 65 && dead.errors.contains("--rendezvous redis://127.0.0.1:1"), "\(dead.errors)")
        #expect(
            alone.errors.split(separator: "\n").count == 1 && dead.errors.split(separator: "\n").count == 1)
        #expect(try disk.contents() == before)
    }
}
