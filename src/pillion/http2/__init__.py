"""Serve gRPC over HTTP/2 on asyncio's own transports: an island that does not know what is said in a call.

What comes in: the bytes of a connection. What goes out: calls, each with the messages that the client sends, and the
bytes that answer them. It is a server only, made for few long calls a connection and for peers that mean no good: what
a peer may make us hold or do is bounded everywhere.

Without I/O, clock and log:

- `errors`: HTTP/2's error codes, and what ends a stream or a connection.
- `frames`: frames to bytes and back. `settings`: what the client asks of us.
- `fields`: header fields, HPACK, and which requests are well-formed.
- `budget`: how often the client may do what brings nobody anything. `limits`: seconds, bytes and counts.
- `streams`: one stream. `outbox`: data to be sent, as far as windows and the line take it. `sending`: all streams.
- `events`, `connection`: the client, as a state machine: bytes in, events out.
- `messages`, `status`: gRPC's messages in the data, gRPC's status in the trailers.

With I/O:

- `call`: one call, as whoever serves it sees it. `protocol`: one connection on the event loop.
- `group`: connections that live and end together.
"""
