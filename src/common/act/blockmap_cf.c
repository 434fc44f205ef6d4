#include "act/blockmap_cf.h"

#include "act/blockmap_parts.h"

/* A login counts for its owner wherever it comes from, so permit_sasl_authenticated ends the list
 * before client addresses are looked at. */
static const char *const restrictions[] = {
    "check_sasl_access $mp_index/mp_suspended_sasl",
    "check_sasl_access $mp_regexp/mp_suspended_sasl_regexp",
    "check_sasl_access $mp_index/mp_customer_sasl",
    "check_sasl_access $mp_regexp/mp_customer_sasl_regexp",
    "permit_sasl_authenticated",
    "check_client_access $mp_cidr/mp_suspended_net",
    "check_client_access $mp_cidr/mp_customer_net",
};

size_t cf_restrictions(void)
{
    return sizeof(restrictions) / sizeof(restrictions[0]);
}

const char *cf_restriction(size_t i)
{
    return restrictions[i];
}

size_t cf_classes(void)
{
    return 1 + (size_t)BLOCKMAP_ANDS * AND_FIELDS;
}

void cf_class_name(struct text *out, unsigned slot, size_t i)
{
    char buf[CLASS_TEXT];

    if (i == 0)
        text_add(out, slot_class(slot, buf));
    else
        text_add(out, and_class(slot, (unsigned)((i - 1) / AND_FIELDS) + 1,
                                and_field((unsigned)((i - 1) % AND_FIELDS)), buf));
}

static void add_check(struct text *out, unsigned slot, unsigned which, const char *check)
{
    enum map_kind kind = slot_map_kind(which);
    char name[BLOCKMAP_NAME];

    text_addf(out, "%s $%s/%s", check,
              kind == MAP_INDEXED ? "mp_index"
              : kind == MAP_CIDR  ? "mp_cidr"
                                  : "mp_regexp",
              slot_map_name(slot, which, name));
}

void cf_class_checks(struct text *out, unsigned slot, size_t i, const char *between)
{
    if (i > 0) {
        add_check(out, slot, SLOT_AND + (unsigned)((i - 1) / AND_FIELDS),
                  field_check(and_field((unsigned)((i - 1) % AND_FIELDS))));
        return;
    }
    for (unsigned which = 0; which < SLOT_AND; which++) {
        if (which)
            text_add(out, slice_str(between));
        add_check(out, slot, which, slot_map_check(which));
    }
}

static void add_class_list(struct text *out, unsigned slots)
{
    text_add(out, SL("smtpd_restriction_classes = $mp_classes\nmp_classes ="));
    for (unsigned slot = 1; slot <= slots; slot++)
        for (size_t i = 0; i < cf_classes(); i++) {
            text_add(out, i == 0 ? SL("\n    ") : i % 5 == 0 ? SL("\n        ") : SL(" "));
            cf_class_name(out, slot, i);
        }
    text_addc(out, '\n');
}

void blockmap_main_cf(struct text *out, const char *dir, const char *type, unsigned slots)
{
    slots = slots ? slots : BLOCKMAP_SLOTS;
    text_add(
        out,
        SL("# mptools: what senderblock needs in main.cf, once; mptools-postfix(7). The maps have\n"
           "# to be there before (senderblock --postmap). Where main.cf has one of the first "
           "three\n"
           "# parameters already, append our value to it; ours is the last of\n"
           "# smtpd_sender_restrictions. A service in master.cf that sets\n"
           "# smtpd_sender_restrictions itself needs it, too:\n"
           "#   submission inet n - y - - smtpd\n"
           "#     -o smtpd_sender_restrictions=$mp_restrictions\n"));
    text_add(out, SL("smtpd_sender_restrictions = $mp_restrictions\n"
                     "header_checks = $mp_regexp/mp_header_checks\n"));
    add_class_list(out, slots);
    text_addf(out, "mp_index = %s:%s\nmp_regexp = regexp:%s\nmp_cidr = cidr:%s\n", type, dir, dir,
              dir);
    text_add(out, SL("mp_restrictions ="));
    for (size_t i = 0; i < cf_restrictions(); i++)
        text_addf(out, "\n    %s", cf_restriction(i));
    text_addc(out, '\n');
    for (unsigned slot = 1; slot <= slots; slot++)
        for (size_t i = 0; i < cf_classes(); i++) {
            cf_class_name(out, slot, i);
            text_add(out, SL(" = "));
            cf_class_checks(out, slot, i, "\n    ");
            text_addc(out, '\n');
        }
}
