-- Balances follow from allocations; nobody writes them by hand.

CREATE TRIGGER items_amount AFTER UPDATE OF amount ON items WHEN NEW.amount <> OLD.amount BEGIN
    UPDATE items SET balance = balance + NEW.amount - OLD.amount WHERE n = NEW.n;
    UPDATE allocations SET closes = 0 WHERE item = NEW.id;
END;

CREATE TRIGGER credits_amount AFTER UPDATE OF amount ON credits WHEN NEW.amount <> OLD.amount BEGIN
    UPDATE credits SET left = left + NEW.amount - OLD.amount WHERE n = NEW.n;
END;

CREATE TRIGGER items_copies AFTER UPDATE OF customer, due ON items BEGIN
    UPDATE allocations SET customer = NEW.customer, due = NEW.due WHERE item = NEW.id;
END;

CREATE TRIGGER items_fixed BEFORE UPDATE OF id, company, currency ON items
WHEN (NEW.id, NEW.company, NEW.currency) IS NOT (OLD.id, OLD.company, OLD.currency)
    AND EXISTS (SELECT 1 FROM allocations WHERE item = OLD.id)
BEGIN
    SELECT raise(ABORT, 'an item that was paid on keeps its company and currency');
END;

CREATE TRIGGER allocations_allowed BEFORE INSERT ON allocations
WHEN NOT EXISTS (
    SELECT 1 FROM items i JOIN credits c ON c.n = NEW.credit
    WHERE i.id = NEW.item AND c.company = i.company AND c.currency = i.currency
        AND c.reversed IS NULL
)
BEGIN
    SELECT raise(ABORT, 'a credit settles only items of its own company and currency');
END;

CREATE TRIGGER allocations_added AFTER INSERT ON allocations BEGIN
    UPDATE credits SET left = left - NEW.amount WHERE n = NEW.credit;
    UPDATE items SET balance = balance - NEW.amount,
        last_payment = CASE WHEN NEW.kind = 'payment'
            THEN max(coalesce(last_payment, NEW.day), NEW.day) ELSE last_payment END
    WHERE id = NEW.item;
    UPDATE allocations SET closes = 1
    WHERE n = NEW.n AND (SELECT balance FROM items WHERE id = NEW.item) = 0;
END;

CREATE TRIGGER allocations_removed AFTER DELETE ON allocations BEGIN
    UPDATE credits SET left = left + OLD.amount WHERE n = OLD.credit;
    UPDATE items SET balance = balance + OLD.amount,
        last_payment = (SELECT max(day) FROM allocations
            WHERE item = OLD.item AND kind = 'payment')
    WHERE id = OLD.item;
    UPDATE allocations SET closes = 0 WHERE item = OLD.item;
END;

CREATE TRIGGER allocations_fixed BEFORE UPDATE OF credit, item, day, amount, kind ON allocations
BEGIN
    SELECT raise(ABORT, 'an allocation is removed and made anew, never changed');
END;

CREATE TRIGGER log_heads AFTER INSERT ON log WHEN NEW.position IS NOT NULL BEGIN
    INSERT INTO heads (debtor, head, outcome)
    VALUES (NEW.debtor, NEW.position, iif(NEW.kind = 'outcome', NEW.position, 0))
    ON CONFLICT (debtor) DO UPDATE SET
        head = max(head, NEW.position),
        outcome = max(outcome, iif(NEW.kind = 'outcome', NEW.position, 0));
END;

CREATE TRIGGER log_kept BEFORE DELETE ON log BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;

CREATE TRIGGER log_fixed BEFORE UPDATE ON log BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
