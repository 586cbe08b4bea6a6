use super::{Text, Words};

pub(super) const WORDS: Words = Words {
    invited_seller: Text {
        title: "{name} asks for access to your Amazon reports",
        paragraphs: &[
            "{name} would like to fetch the reports of your seller account at Amazon for you.",
            "Amazon will ask you to sign in to Seller Central, and show what the application may see. You decide there, and can end it there at any time.",
            "Your password stays with Amazon. You have fifteen minutes to come back.",
        ],
    },
    invited_vendor: Text {
        title: "{name} asks for access to your Amazon reports",
        paragraphs: &[
            "{name} would like to fetch the reports of your vendor account at Amazon for you.",
            "Amazon will ask you to sign in to Vendor Central, and show what the application may see. You decide there, and can end it there at any time.",
            "Your password stays with Amazon. You have fifteen minutes to come back.",
        ],
    },
    go_on: "Continue to Amazon",
    no_invitation: Text {
        title: "This invitation does not work",
        paragraphs: &[
            "It may have been used or have expired, or a part of its address may be missing.",
            "Please ask whoever sent it to you for a new one.",
        ],
    },
    not_from_appstore: Text {
        title: "This page can’t be opened like this",
        paragraphs: &[
            "It is for sellers who come from Amazon’s Appstore, and something is missing of what Amazon sends along.",
            "Please begin again in the Appstore, or ask {name} for an invitation.",
        ],
    },
    not_begun_here: Text {
        title: "This can’t be finished here",
        paragraphs: &[
            "It was begun in another browser, more than fifteen minutes ago, or has been finished already. Nothing has been stored.",
            "Please begin again, with your invitation or in the Appstore, and allow cookies for this page.",
        ],
    },
    denied: Text {
        title: "You have not given access",
        paragraphs: &[
            "Amazon says that you declined. Nothing has been stored.",
            "If you change your mind, open your invitation again.",
        ],
    },
    draft: Text {
        title: "Amazon does not know this application yet",
        paragraphs: &[
            "Amazon’s code is MD1000: the application is still a draft. Nothing has been stored, and it is no fault of yours.",
            "Please tell {name}.",
        ],
    },
    redirect: Text {
        title: "Amazon does not know this page yet",
        paragraphs: &[
            "Amazon’s code is MD5101: the address of this page is not registered with the application. Nothing has been stored, and it is no fault of yours.",
            "Please tell {name}.",
        ],
    },
    refused: Text {
        title: "Amazon has not given access",
        paragraphs: &[
            "Amazon sent you back without saying why in a way that is known here. Nothing has been stored.",
            "Please open your invitation again. If it happens again, tell {name}.",
        ],
    },
    other_seller: Text {
        title: "That was another account",
        paragraphs: &[
            "The invitation is for another Amazon account than the one that you used. Nothing has been stored.",
            "Please sign out at Amazon, open your invitation again, and sign in with the account that is invited.",
        ],
    },
    known_seller: Text {
        title: "This account is here already",
        paragraphs: &[
            "This Amazon account has given access before. So that nobody can pretend to be you, an invitation made for this very account is needed to do it again. Nothing has been stored.",
            "Please ask {name} for one.",
        ],
    },
    code_not_taken: Text {
        title: "That took too long",
        paragraphs: &[
            "Amazon’s permission is good for five minutes, and once. Nothing has been stored.",
            "Please open your invitation again.",
        ],
    },
    done: Text {
        title: "Thank you, that is all",
        paragraphs: &[
            "{name} may now fetch your reports from Amazon. They arrive as Amazon makes them.",
            "You can end this at any time at Amazon, where you manage your applications.",
            "You can close this page.",
        ],
    },
    done_in_part: Text {
        title: "Thank you, your part is done",
        paragraphs: &[
            "{name} has your permission. A step is left that needs nothing of you, but {name}: please mention it.",
            "You can close this page.",
        ],
    },
    not_now: Text {
        title: "Please try again",
        paragraphs: &[
            "This is not possible at the moment. Nothing has been stored.",
            "Please open your invitation again in a minute.",
        ],
    },
};
