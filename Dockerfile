# syntax=docker/dockerfile:1
# The gateway alone on a distroless image: no shell, no package manager, no root, and nothing that it has to write to
# but /var/lib/nontax, where SQLite lives if it is used. scripts/check-dockerfile checks this file where no engine runs.

FROM rust:1-slim-bookworm AS build
WORKDIR /build

# The dependencies, in a layer that changes with Cargo.lock only. Benchmarks are named in Cargo.toml, so they get stand-ins.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches \
    && for bench in $(sed -n '/^\[\[bench\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml); do echo 'fn main() {}' > "benches/$bench.rs"; done \
    && echo '//! Stand-in.' > src/lib.rs \
    && echo 'fn main() {}' > src/main.rs
RUN cargo build --release --locked --bin nontax

# The program. Cargo goes by modification times, and those of the stand-ins are newer.
COPY src src
COPY migrations migrations
COPY config config
COPY docs/openapi.json docs/openapi.json
RUN touch src/lib.rs src/main.rs
RUN cargo build --release --locked --bin nontax
RUN mkdir -p /empty

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/nontax /usr/local/bin/nontax
# 65532 is the image's nonroot. By number, so that Kubernetes can see that it is not root.
COPY --from=build --chown=65532:65532 /empty /var/lib/nontax
USER 65532:65532
WORKDIR /var/lib/nontax
ENV NONTAX_CONFIG=/etc/nontax/nontax.toml
VOLUME /var/lib/nontax
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["nontax", "health"]
ENTRYPOINT ["nontax"]
CMD ["serve"]
