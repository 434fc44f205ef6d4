# mptools: make, make check, make bench, make bench-detect, make asan, make fuzz, make lint, make install
VERSION  = 0.1
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
B       ?= build
BIN     ?= bin

DATADIR  = $(PREFIX)/share/mptools
LIBS_PC  = libpcre2-8 zlib libzstd libpsl libxxhash libmaxminddb inih sqlite3 libcares
WARN     = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wpointer-arith -Wvla
OPT      ?= -O2 -g
# gcc joins a tool's objects at the end (a tenth of mplog-parse's time); the objects are complete
# without it, so that tests link fast.
LTO      ?= $(if $(findstring clang,$(CC))$(SAN),,-flto=auto -ffat-lto-objects)
CFLAGS   += -std=c11 -D_GNU_SOURCE -Isrc/common $(WARN) $(OPT) $(LTO) $(SAN) -MMD -MP \
            -DMPTOOLS_VERSION='"$(VERSION)"' \
            -DMPTOOLS_DATADIR='"$(DATADIR)"' $(shell pkg-config --cflags libpcre2-8 libzstd)
LDFLAGS  += $(SAN)

# The objects of each layer, and those of each tool: its own files, and what the tools share.
objects = $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard $1)))
base  = $(call objects,src/common/base/*.c)
log   = $(call objects,src/common/log/*.c)
judge = $(call objects,src/common/judge/*.c)
act   = $(call objects,src/common/act/*.c)
tool  = $(call objects,src/tools/$1.c src/tools/$1_*.c)

ACTING = senderblock mpnotify blwatch routegen delistreq
TOOLS  = mplog-parse spamscore $(ACTING)
MAN   = $(wildcard man/*.[1578])
UNIT  = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*_test.c))

all: $(TOOLS:%=$(BIN)/%)

LIBS = $(shell pkg-config --libs $(LIBS_PC)) -lm
LINK = $(CC) $(OPT) $(LTO) $(LDFLAGS) -o $@ $^ $(LIBS)

define linked
	@mkdir -p $(@D)
	@echo LINK $@
	@$(LINK)
endef

$(BIN)/mplog-parse: $(call tool,mplog-parse) $(judge) $(log) $(base)
	$(linked)
$(BIN)/spamscore: $(call tool,spamscore) $(B)/tools/config.o $(judge) $(log) $(base)
	$(linked)
define acting
$(BIN)/$1: $(call tool,$1) $(B)/tools/config.o $(act) $(judge) $(log) $(base)
	$$(linked)
endef
$(foreach t,$(ACTING),$(eval $(call acting,$t)))

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	@echo CC $<
	@$(CC) $(CFLAGS) -c -o $@ $<

$(B)/unit/%_test: tests/unit/%_test.c $(act) $(judge) $(log) $(base)
	@mkdir -p $(@D)
	@echo TEST $<
	@$(CC) $(CFLAGS) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $< $(filter %.o,$^) $(LIBS) -lcmocka

$(B)/loggen: $(wildcard tests/gen/*.c tests/gen/*.h)
	@mkdir -p $(@D)
	@echo GEN $@
	@$(CC) $(CFLAGS) -o $@ $(filter %.c,$^) -lm

$(B)/bench_identities: tests/bench_identities.c
	@mkdir -p $(@D)
	@echo GEN $@
	@$(CC) $(CFLAGS) -o $@ $<

# How well spamscore finds compromised senders, beside three baselines.
bench-detect: all $(B)/loggen
	python3 tests/detect.py

unit: $(UNIT)

check: all unit $(B)/loggen
	tests/run

# Everything again under AddressSanitizer and UndefinedBehaviorSanitizer.
asan:
	$(MAKE) B=build/asan BIN=build/asan/bin OPT='-O1 -g' \
	  SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	  all unit build/asan/loggen
	MPTOOLS_SHARE=$(CURDIR)/share/mptools BIN=build/asan/bin B=build/asan tests/run

bench: all $(B)/loggen $(B)/bench_identities
	tests/bench.sh

fuzz:
	tests/fuzz.sh

lint:
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	$(MAKE) CC=clang B=build/clang BIN=build/clang/bin all
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
	  --inline-suppr --suppress=missingIncludeSystem -Isrc/common src
	mandoc -Tlint -Wwarning $(MAN)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(DATADIR)
	install -m 755 $(TOOLS:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	(cd share/mptools && find . -type f) | while read f; do \
	  install -D -m 644 "share/mptools/$$f" "$(DESTDIR)$(DATADIR)/$$f" || exit 1; done
	for m in $(MAN); do s=$${m##*.}; install -d $(DESTDIR)$(PREFIX)/share/man/man$$s && \
	  install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s || exit 1; done

clean:
	rm -rf build bin

.PHONY: all unit check asan bench bench-detect fuzz lint install clean
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
