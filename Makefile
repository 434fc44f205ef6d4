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

# The objects of each layer, lowest first.
BASE  = arena atomic cli failure inifile inifile_value ipnet links lockfile map moment msg outfile pool progress \
        settings share slice text when words
LOG   = body body_action body_delivery chain correlate correlate_events correlate_link correlate_save decompress \
        envelope field follow followstate input journal json mark message notes parser parser_lines program \
        record resume rotation shape shape_compile shape_template shape_types shapes_amavis shapes_dovecot shapes_filters \
        shapes_logins shapes_policy shapes_queue shapes_smtp shapes_smtpd stamp stream stream_follow summary tally \
        tsv tsv_read
JUDGE = annotate calibrate calibrate_estimate calibrate_fit calibrate_report customer customer_read cusum evidence evidence_origin evidence_recipients evidence_replies \
        evidence_sender evidence_verdict evidence_volume fresh geo identity outbound partner recent remote report reply \
        reply_code reply_ip reply_rules reply_text score score_arrival score_people score_rank score_rates score_save score_save_letters score_save_read score_save_window score_watch score_words scoring \
        sign suspect suspect_read table usual window window_names wrap
ACT   = address announce attempt blockdir blockmap blockmap_owner blockmap_slots escalate escalate_act escalate_spam escalate_time incident ledger ledger_query ledger_schema ledgershow \
        mapfile mapreport never operator postfixcheck postmap rule rule_pattern rule_words run standing trail

base  = $(BASE:%=$(B)/common/base/%.o)
log   = $(LOG:%=$(B)/common/log/%.o)
judge = $(JUDGE:%=$(B)/common/judge/%.o)
act   = $(ACT:%=$(B)/common/act/%.o)

# The objects of each tool.
SPAMSCORE = spamscore spamscore_calibrate config spamscore_options spamscore_state
SENDERBLOCK = senderblock senderblock_maps senderblock_options senderblock_run senderblock_state config
mplog-parse = $(B)/tools/mplog-parse.o $(B)/tools/mplog-parse_options.o $(judge) $(log) $(base)
spamscore   = $(SPAMSCORE:%=$(B)/tools/%.o) $(judge) $(log) $(base)
senderblock = $(SENDERBLOCK:%=$(B)/tools/%.o) $(act) $(judge) $(log) $(base)

TOOLS = mplog-parse spamscore senderblock
MAN   = $(wildcard man/*.[1578])
UNIT  = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*_test.c))

all: $(TOOLS:%=$(BIN)/%)

LIBS = $(shell pkg-config --libs $(LIBS_PC)) -lm
LINK = $(CC) $(OPT) $(LTO) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BIN)/mplog-parse: $(mplog-parse)
	@mkdir -p $(@D)
	@echo LINK $@
	@$(LINK)
$(BIN)/spamscore: $(spamscore)
	@mkdir -p $(@D)
	@echo LINK $@
	@$(LINK)
$(BIN)/senderblock: $(senderblock)
	@mkdir -p $(@D)
	@echo LINK $@
	@$(LINK)

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
	install -m 644 share/mptools/* $(DESTDIR)$(DATADIR)
	for m in $(MAN); do s=$${m##*.}; install -d $(DESTDIR)$(PREFIX)/share/man/man$$s && \
	  install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s || exit 1; done

clean:
	rm -rf build bin

.PHONY: all unit check asan bench bench-detect fuzz lint install clean
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
