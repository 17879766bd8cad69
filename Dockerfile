# One image for every part: worker, connectors, gateway, topics. The command says which.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/smart-routing
ENV PATH=/opt/smart-routing/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# The dependencies change less often than the program: their layer is kept between builds.
COPY requirements-run.lock ./
RUN pip install --require-hashes --no-deps --only-binary :all: --requirement requirements-run.lock
COPY pyproject.toml ./
COPY schemas schemas
COPY processor processor
COPY connectors connectors
COPY smart_routing smart_routing
COPY bench bench
RUN pip install --no-deps .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/smart-routing /opt/smart-routing
ENV PATH=/opt/smart-routing/bin:$PATH PYTHONUNBUFFERED=1
# No root, and a folder of its own for the local tables.
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/smart-routing smart-routing \
    && install --directory --owner=smart-routing /var/lib/smart-routing
USER 10001
WORKDIR /var/lib/smart-routing
ENTRYPOINT ["smart-routing"]
CMD ["--help"]
