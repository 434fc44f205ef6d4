/* loggen: writes a realistic, consistent mail log of an outbound Postfix relay to standard output,
 * for tests and benchmarks. The same options give the same bytes. What is in it, see sim.h.
 *
 * share/mptools/sample.log was made by
 *   build/loggen --scenario compromised --seed 5201 --customers 8 --rate 11 --days 1.5 \
 *     --start 2026-11-16T00:00:00Z --size 390K --no-tls --noise 0.05 --hop-share 0.2 \
 *     --spam-at 33 --spam-messages 50 --spam-rcpts 12 --spam-pause 600
 * In it the login tanja.peters@north-print.example sends spam on the second morning, and nobody
 * else; north-print's info@ and the newsletter news@dune-energy.example (5 of 49 refused) do not.
 *
 * For benchmarks of detection:
 *   build/loggen --scenario mixed --days 14 --customers 60 --seed N --noise 0.1 --no-tls \
 *     --labels FILE --spam FILE --geo FILE --customers-file DIR/customers
 */
#include "place.h"
#include "sim.h"

#include <signal.h>
#include <stdlib.h>

/* All memory is kept until the program ends (sim.h). */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static void written(bool ok, const char *path)
{
    if (ok)
        return;
    perror(path);
    exit(73);
}

int main(int argc, char **argv)
{
    static struct sim sim;
    struct options o;

    options_read(&o, argc, argv);
    signal(SIGPIPE, SIG_IGN); /* the write says so */
    sim_open(&sim, &o);
    traffic_start(&sim);
    noise_start(&sim);
    if (!scenario_start(&sim))
        options_die("no such scenario", o.scenario);
    if (o.customers_file != NULL)
        written(world_write_customers(sim.world, o.customers_file), o.customers_file);
    if (o.geo != NULL)
        written(place_write(o.geo), o.geo);
    if (o.spam != NULL)
        written((sim.spam = fopen(o.spam, "w")) != NULL, o.spam);
    sim_run(&sim);
    if (o.spam != NULL)
        written(fclose(sim.spam) == 0, o.spam);
    if (o.labels != NULL)
        written(role_write(&sim, o.labels), o.labels);
    return 0;
}
