# The blip2 command with a Java of its own, for serving: docker build -t blip2 --build-arg VERSION=0.1.0 .
# After mvn -Prelease -Dgpg.skip -DskipTests package; see docs/release.md. A glibc base: ND4J has no library for musl.
FROM eclipse-temurin:25-jre-noble

ARG VERSION
ADD blip2-cli/target/blip2-${VERSION}.tar.gz /opt/
RUN ln -s "/opt/blip2-${VERSION}" /opt/blip2 \
    && useradd --system --uid 10001 --create-home blip2 \
    && install -d -o blip2 /models

USER blip2
# Downloaded models; mount a volume there to keep them.
ENV HF_HOME=/models
VOLUME /models
EXPOSE 8080

# Other addresses than loopback need a key: docker run -e BLIP2_API_KEY=... -p 8080:8080 blip2
ENTRYPOINT ["/opt/blip2/bin/blip2"]
CMD ["serve", "--host", "0.0.0.0"]
