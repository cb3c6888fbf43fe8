<?php

declare(strict_types=1);

// The order book. An order has a number that the customer's side chose: placing the same number again finds the order
// that is there, so a request whose answer was lost can simply be repeated.

const NUMBER_PATTERN = '/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/';
const DUPLICATE_KEY = 1062;

function is_order_number(mixed $number): bool
{
    return is_string($number) && preg_match(NUMBER_PATTERN, $number) === 1;
}

/**
 * Places an order.
 *
 * @return bool whether it is new; false when an order with this number was there already
 */
function place_order(string $number): bool
{
    $attempts = 0;
    return with_database(function (PDO $database) use ($number, &$attempts): bool {
        $attempts++;
        try {
            $database->prepare('INSERT INTO orders (number) VALUES (?)')->execute([$number]);
            return true;
        } catch (PDOException $error) {
            if (($error->errorInfo[1] ?? 0) !== DUPLICATE_KEY) {
                throw $error;
            }
            $known = $database->prepare('SELECT 1 FROM orders WHERE number = ?');
            $known->execute([$number]);
            if ($known->fetchColumn() === false) {
                // Not the number but the row's id was taken, by another data node while the writer moved.
                return place_order($number);
            }
            // After a lost connection it was most likely our own first attempt that got through.
            return $attempts > 1;
        }
    });
}

/** @return array{number: string, placed_at: string}|null */
function find_order(string $number): ?array
{
    return with_database(function (PDO $database) use ($number): ?array {
        $query = $database->prepare('SELECT number, placed_at FROM orders WHERE number = ?');
        $query->execute([$number]);
        return $query->fetch() ?: null;
    });
}

/** @return array{count: int, latest: list<array{number: string, placed_at: string}>} */
function summarize_orders(int $latest): array
{
    return with_database(function (PDO $database) use ($latest): array {
        $query = $database->prepare('SELECT number, placed_at FROM orders ORDER BY id DESC LIMIT ?');
        $query->bindValue(1, $latest, PDO::PARAM_INT);
        $query->execute();
        return [
            'count' => (int) $database->query('SELECT COUNT(*) FROM orders')->fetchColumn(),
            'latest' => $query->fetchAll(),
        ];
    });
}
