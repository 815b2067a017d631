# The binary with git, which `--base` and `--staged` ask. `--target roundtrip` adds PostgreSQL.
FROM rust:1.94-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libclang-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked && strip target/release/limbeck

FROM debian:bookworm-slim AS limbeck
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 limbeck \
    # A checkout that is mounted belongs to somebody else.
    && git config --system --add safe.directory '*'
COPY --from=build /source/target/release/limbeck /usr/local/bin/limbeck
USER 10001
WORKDIR /work
ENTRYPOINT ["limbeck"]
CMD ["check"]

FROM limbeck AS roundtrip
USER root
RUN apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
ENV PATH="/usr/lib/postgresql/15/bin:${PATH}"
USER 10001

FROM limbeck
