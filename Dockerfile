# One image for all services: `docker run nightclerk:0.1.0 -m services.ingest`.
FROM python:3.11-slim

WORKDIR /opt/nightclerk
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY schemas schemas
COPY services services
RUN pip install --no-cache-dir --constraint constraints.txt ".[ingest,features,scoring,alerts,api]" \
    && useradd --uid 10001 --create-home nightclerk \
    && install -d -o nightclerk /var/lib/nightclerk

USER 10001
ENV PYTHONUNBUFFERED=1 NIGHTCLERK_STATE_DIR=/var/lib/nightclerk
WORKDIR /var/lib/nightclerk
ENTRYPOINT ["python"]
