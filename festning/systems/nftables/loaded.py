"""Whether exactly the file's rules are loaded: what the plan looks at, and what an apply proves at its end.

The rules that the file would load are known only to nft, which writes them in its own way: the file is loaded into a
network namespace of its own and listed there. That listing is remembered when an apply has proved it, so that a look
costs one short call of nft; whenever anything differs from what is remembered, it is made anew and decides.

Tables of others stay. Those that hook into the traffic are named, because a packet that they drop never reaches the
declared rules.
"""

from __future__ import annotations

from festning.model.catalog import NOTE, Gate, Step

CONFIG = "/etc/nftables.conf"
TABLE = "inet festning"
REMEMBERED = "/var/lib/festning/nftables.loaded"

_LISTED = f"nft --stateless list table {TABLE}"
_WANTED = f"wanted=$(unshare --net sh -c 'nft --file {CONFIG} && {_LISTED}') || exit 1\n"

# Only what the shell has itself, and one nft, line by line: this runs on every look at every host, and the shell takes
# longer to cut a long text in two than nft takes to print it. (nft lists chains and a table in one call, too, but then
# leaves out chains of other tables: 1.1.3.)
_READ = f"""\
loaded=
while IFS= read -r line; do
    case $line in
        "table "*) table=${{line#table }} table=${{table%" {{"}} ;;
        "	chain "*) chain=${{line#"	chain "}} chain=${{chain%" {{"}} ;;
        "		type "*" hook "*)
            hook=${{line#* hook }} hook=${{hook%% *}}
            case "$table $hook" in
                "{TABLE} "* | *" postrouting" | *" egress") ;;
                *) echo "{NOTE}firewall: table $table, chain $chain, hooks into $hook; it is nobody's and stays" ;;
            esac ;;
    esac
    [ "$table" != "{TABLE}" ] || loaded="$loaded$end$line"
done <<RULESET
$(nft --stateless list ruleset)
RULESET
loaded=${{loaded#"$end"}}
for family in ip ip6; do
    read -r table 2>/dev/null </proc/net/${{family}}_tables_names || continue
    echo "{NOTE}firewall: legacy ${{family}}tables hold the table $table; it is nobody's and stays"
done
"""

_CHECK = f"""\
[ -x /usr/sbin/nft ] && [ -f {CONFIG} ] || exit 1
end='
'
{_READ}
[ "$loaded" ] || {{ echo "the table {TABLE} is not loaded"; exit 1; }}
if [ {REMEMBERED} -nt {CONFIG} ] && [ "$loaded" = "$(cat {REMEMBERED})" ]; then exit 0; fi
{_WANTED}
[ "$loaded" != "$wanted" ] || exit 0
diff -U 2 --label loaded --label {CONFIG} /dev/fd/3 - 3<<LOADED <<WANTED
$loaded
LOADED
$wanted
WANTED
exit 1
"""

_PROOF = f"""\
loaded=$({_LISTED}) || exit 1
{_WANTED}
[ "$loaded" = "$wanted" ] || exit 1
umask 077
mkdir -p {REMEMBERED.rpartition("/")[0]}
printf '%s\\n' "$loaded" >{REMEMBERED}.new && mv {REMEMBERED}.new {REMEMBERED}
"""


def only_declared_rules() -> Step:
    """Rules that somebody added, changed or flushed by hand are taken back by loading the file again."""
    name = "firewall: only the declared rules are loaded"
    return Step(name=name, check=_CHECK, do=f"nft --file {CONFIG}", timeout_s=20.0, tells=True)


def proof() -> Gate:
    """Nothing but the declared rules, by nft's own account; remembered for the next look."""
    return Gate(name="firewall: exactly the declared rules", check=_PROOF, timeout_s=20.0)
