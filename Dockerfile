# syntax=docker/dockerfile:1
FROM python:3.13.9-slim-trixie AS build
WORKDIR /src
RUN python -m venv /opt/evalgate
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/runtime.txt requirements/build.txt requirements/
# The builder stays out of what is shipped; both are pinned with their hashes.
RUN /opt/evalgate/bin/pip install --require-hashes --only-binary :all: -r requirements/runtime.txt \
    && pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY device_protocol device_protocol
COPY config/gateway.toml config/gateway.toml
COPY fleet fleet
COPY gateway gateway
COPY simulators simulators
RUN pip wheel --no-build-isolation --no-deps --no-index --wheel-dir dist . \
    && /opt/evalgate/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/evalgate/bin/pip uninstall --yes pip

FROM python:3.13.9-slim-trixie
RUN groupadd --gid 10001 evalgate \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/evalgate --create-home evalgate
COPY --from=build /opt/evalgate /opt/evalgate
ENV PATH="/opt/evalgate/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/evalgate
VOLUME /var/lib/evalgate
EXPOSE 8700
# The supervisor is process 1: it reaps the roles and stops them in order.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8700/livez', timeout=2)"]
ENTRYPOINT ["evalgate"]
CMD ["run", "--config", "/etc/evalgate/gateway.toml"]
