// The smallest server that swift-nio makes: it answers every request as `authbench serve` answers GET /open.

import NIOCore
import NIOHTTP1
import NIOPosix

final class OpenRoute: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = ByteBuffer(string: "{\"status\":\"ok\"}")
    private static let head = HTTPResponseHead(
        version: .http1_1, status: .ok,
        headers: [
            "Content-Type": "application/json", "Cache-Control": "no-store",
            "Content-Length": String(body.readableBytes),
        ])

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        context.write(wrapOutboundOut(.head(Self.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
let server = try ServerBootstrap(group: loops)
    .serverChannelOption(.backlog, value: 512)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
            try channel.pipeline.syncOperations.addHandler(OpenRoute())
        }
    }
    .bind(host: "127.0.0.1", port: 0).wait()
print("http://127.0.0.1:\(server.localAddress?.port ?? 0)")
fflush(nil)
try server.closeFuture.wait()
