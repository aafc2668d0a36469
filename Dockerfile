# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/evalgate
COPY requirements/runtime.txt requirements/runtime.txt
RUN /opt/evalgate/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY device_protocol device_protocol
COPY fleet fleet
COPY config config
COPY gateway gateway
COPY simulators simulators
RUN /opt/evalgate/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/evalgate --create-home evalgate
COPY --from=build /opt/evalgate /opt/evalgate
ENV PATH="/opt/evalgate/bin:$PATH" PYTHONUNBUFFERED=1
USER evalgate
WORKDIR /var/lib/evalgate
VOLUME /var/lib/evalgate
EXPOSE 8700
# The supervisor is process 1: it reaps the roles and stops them in order.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8700/livez', timeout=2)"]
ENTRYPOINT ["evalgate"]
CMD ["run", "--config", "/etc/evalgate/gateway.toml"]
