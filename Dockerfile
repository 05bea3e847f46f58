# The application and its locked dependencies; docker-compose.yml says what each process does.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/paidforby
ENV PATH="/opt/paidforby/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# The lock alone first: a changed line of ours does not bring every dependency again.
COPY requirements.lock ./
RUN pip install --quiet --require-hashes -r requirements.lock
COPY . ./
RUN pip install --quiet --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# Reads words in pictures of ads.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends tesseract-ocr \
    && rm -rf /var/lib/apt/lists/*
# A new volume has the owner of the folder that it is mounted on.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/paidforby paidforby \
    && install -d -m 700 -o paidforby /var/backups/paidforby \
    && install -d -o paidforby /var/lib/paidforby/config
COPY --from=build /opt/paidforby /opt/paidforby
ENV PATH="/opt/paidforby/bin:$PATH" PYTHONUNBUFFERED=1 PAIDFORBY_HOME=/var/lib/paidforby
USER paidforby
WORKDIR /var/lib/paidforby
# The names of our packages are plain words: no stranger in this environment may own one of them.
RUN python -c "from importlib.metadata import packages_distributions as owners; \
names = ('config', 'archive', 'search', 'oversight', 'scrapers', 'api', 'paidforby'); \
strangers = {name: owners().get(name) for name in names if owners().get(name) != ['paidforby']}; \
assert not strangers, strangers"
VOLUME /var/lib/paidforby
CMD ["paidforby", "--help"]
